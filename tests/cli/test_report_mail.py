"""Reports by mail: through the outbox of alerts, to a real mail server."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.history import History, fill
from tests.builders import new_store
from tests.cli.conftest import invoke
from tests.mail_reader import check_mail, opened
from tests.mail_server import mail_server

from outrider.alerts import Lane
from outrider.app import alert_settings
from outrider.app.reporting.report_documents import ReportForm, ReportPeriod, period_document
from outrider.app.reporting.report_mail import Mailing, post_due
from outrider.model import ConfigError, Status
from outrider.scheduler import Health
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from tests.mail_server import Inbox

    from outrider.app.reporting.report_documents import Format
    from outrider.store import Store
    from outrider.workspace import Workspace

FORMS: tuple[Format, ...] = ("html", "md", "csv", "json")
HOUR_US = 3_600_000_000
LONG = f"<script>alert(1)</script>{'Überprüfung оплаты 結帳 الدفع भुगतान ' * 5}"
MONDAY_US = 1_800_255_600_000_000  # 18 January 2027, 07:00 UTC


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture
def shop(tmp_path: Path, inbox: Inbox) -> Workspace:
    """A workspace whose weekly report goes to the boss every Monday at seven in Berlin, which is six in UTC."""
    for name in ("reports", "scheduler"):
        (tmp_path / name).mkdir()
    (tmp_path / "outrider.toml").write_text('[workspace]\ntimezone = "Europe/Berlin"\n')
    (tmp_path / "reports/weekly.toml").write_text('title = "Shop"\nmail = ["boss"]\n')
    (tmp_path / "scheduler/alerts.toml").write_text(
        f'[route]\nreceivers = ["boss"]\n[receiver.boss]\nkind = "mail"\nserver = "{inbox.server}"\n'
        'from = "outrider@shop.example"\nto = ["boss@shop.example"]\n'
    )
    return load(tmp_path)


@pytest.fixture
def store(shop: Workspace) -> Iterator[Store]:
    with new_store(shop.root / ".outrider/outrider.db", artifacts=shop.root / ".outrider/artifacts") as store:
        yield store


def simulate(store: Store, until_us: int = MONDAY_US, **more: Any) -> None:
    fill(store, replace(History(until_us, checks=2, days=16, minutes=60), **more))


def deliver(store: Store, shop: Workspace) -> None:
    Lane(alert_settings(shop).receivers["boss"], store.outbox).work()


def test_a_group_gets_its_own_checks_and_the_boss_all(shop: Workspace, store: Store, inbox: Inbox) -> None:
    """Each is sent once."""
    group = '[[groups]]\nname = "probes"\nchecks = ["probe:*"]\nmail = ["boss"]\n'
    (shop.root / "reports/monthly.toml").write_text(f'title = "Shop"\nmail = ["boss"]\n{group}')
    february_us = MONDAY_US + 14 * 24 * HOUR_US
    simulate(store, february_us)
    store.outbox.add_report("monthly", MONDAY_US, ())

    posted = [post_due(store, shop, february_us) for _ in range(2)]
    deliver(store, shop)

    assert posted == [["monthly"], []]
    whole, probes = inbox.mails
    assert whole["Subject"].startswith("Shop, 1 Jan - 1 Feb: ")
    assert probes["Subject"].startswith("Shop, probes, 1 Jan - 1 Feb: ")


@pytest.mark.browser
def test_a_mail_has_sentences_pictures_and_the_whole_report(
    shop: Workspace, store: Store, inbox: Inbox, chromium: Browser
) -> None:
    """Everything is in the mail: nothing is fetched; and a button leads to the page."""
    alerts = shop.root / "scheduler/alerts.toml"
    alerts.write_text(f'{alerts.read_text()}[delivery]\nlinks = "https://watch.example/"\n')
    simulate(store)
    store.outbox.add_report("weekly", MONDAY_US - 100 * HOUR_US, ())

    assert post_due(store, shop, MONDAY_US) == ["weekly"]
    deliver(store, shop)

    (mail,) = inbox.mails
    assert re.fullmatch(r"Shop, \d+ ?[\w-]*[ -].*: .*(met|missed) 99\.5 %.*", mail["Subject"])
    plain, page, attached = (mail.get_body(("plain",)), mail.get_body(("html",)), list(mail.iter_attachments())[-1])
    assert plain is not None
    assert page is not None
    assert " 99.5 %" in plain.get_content()
    pictures = [item for item in mail.walk() if item.get_content_type() == "image/png"]
    assert pictures
    check_mail(mail, chromium)
    with opened(mail, chromium, width=320) as tab:
        shown = tab.locator("main").inner_text()
        assert tab.locator(".button").get_attribute("href") == "https://watch.example/reports/weekly"
    first, *others = plain.get_content().splitlines()[:3]
    word, _, sentence = first.partition(". ")
    assert all(said in shown for said in (word, sentence, *others))
    assert all(f"cid:{picture['Content-ID'][1:-1]}" in page.get_content() for picture in pictures)
    assert all(picture.get_payload(decode=True)[:4] == b"\x89PNG" for picture in pictures)  # type: ignore[index]
    assert 'src="http' not in page.get_content()
    assert attached.get_filename() == "report.html"
    assert attached.get_payload(decode=True).startswith(b"<!doctype html>")  # type: ignore[union-attr]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("simulated", "subject"),
    [
        pytest.param({}, "nothing was measured", id="nothing measured"),
        pytest.param({"failing": 1.0}, "2 of 2 checks missed 99.5 %", id="everything fails"),
        pytest.param({"prefix": LONG}, "of 2 checks", id="script in names of 200 characters in five scripts"),
    ],
)
def test_a_mail_takes_whatever_the_week_was(
    shop: Workspace, store: Store, chromium: Browser, simulated: dict[str, Any], *, subject: str, inbox: Inbox
) -> None:
    """It stays a mail that fits, asks for nothing and runs nothing, and its subject tells."""
    if simulated:
        simulate(store, days=9, **simulated)
    store.outbox.add_report("weekly", MONDAY_US - 100 * HOUR_US, ())

    post_due(store, shop, MONDAY_US)
    deliver(store, shop)

    (mail,) = inbox.mails
    assert subject in mail["Subject"]
    check_mail(mail, chromium)


def test_a_report_goes_out_once_a_period(shop: Workspace, store: Store, inbox: Inbox) -> None:
    """Whoever watches, and however often it is asked; next week there is another one."""
    store.outbox.add_report("weekly", MONDAY_US - 100 * HOUR_US, ())

    posted = [post_due(store, shop, MONDAY_US + late) for late in (0, 1, HOUR_US, 167 * HOUR_US)]
    deliver(store, shop)

    assert posted == [["weekly"], [], [], ["weekly"]]
    assert len(inbox.mails) == 2


def test_two_who_make_the_same_report_send_one(shop: Workspace, store: Store) -> None:
    """Both may have begun before either was done: the store takes the first."""
    from outrider.model import Notification

    row = Notification("report-weekly-7-boss", "boss", "report-weekly-7", "report", 7, 7, "{}")

    store.outbox.add_report("weekly", 7, [row])
    store.outbox.add_report("weekly", 7, [row])
    store.outbox.add_report("weekly", 6, [row])

    assert len(store.outbox.search()) == 1
    assert store.outbox.reported_us("weekly") == 7


def test_a_new_schedule_begins_with_the_next_report(shop: Workspace, store: Store) -> None:
    """Nobody gets last week's by surprise."""
    assert post_due(store, shop, MONDAY_US) == []
    assert post_due(store, shop, MONDAY_US + 167 * HOUR_US) == ["weekly"]


def test_a_machine_that_slept_sends_late_and_only_the_latest(shop: Workspace, store: Store, inbox: Inbox) -> None:
    """It tells of the week that was due, not of when it woke."""
    store.outbox.add_report("weekly", MONDAY_US - 500 * HOUR_US, ())

    post_due(store, shop, MONDAY_US + 30 * HOUR_US)
    deliver(store, shop)

    (mail,) = inbox.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "\nMon 11 Jan 2027 07:00 to Mon 18 Jan 2027 07:00 (Europe/Berlin)" in plain.get_content()


def test_a_mail_server_that_is_busy_gets_it_later(shop: Workspace, store: Store, inbox: Inbox) -> None:
    """What waits keeps its page and pictures; what is delivered needs them no more."""
    store.outbox.add_report("weekly", MONDAY_US - 100 * HOUR_US, ())
    post_due(store, shop, MONDAY_US)
    inbox.answers = ["451 later"]

    deliver(store, shop)
    (waiting,) = store.outbox.search()
    Lane(alert_settings(shop).receivers["boss"], store.outbox).deliver_one(waiting)
    (done,) = store.outbox.search()

    assert (waiting.status, done.status) == (Status.QUEUED, Status.DELIVERED)
    assert waiting.note.startswith("the mail server said 451")
    assert len(done.message) < 2_000 < len(waiting.message)
    assert len(inbox.mails) == 1


@pytest.mark.parametrize(
    ("text", "slug"), [('mail = ["nobody"]', "bad-report"), ('mail = ["boss"]\ncron = "soon"', "bad-cron")]
)
def test_a_schedule_that_cannot_be_is_an_error(shop: Workspace, store: Store, text: str, slug: str) -> None:
    """With its file."""
    (shop.root / "reports/weekly.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        post_due(store, shop, MONDAY_US)

    assert caught.value.slug == slug
    assert str(caught.value).startswith("reports/weekly.toml")


def test_a_service_says_that_a_report_cannot_be_made(shop: Workspace, store: Store) -> None:
    """It goes on watching."""
    (shop.root / "reports/weekly.toml").write_text('mail = ["nobody"]')
    health = Health()
    mailing = Mailing(store, lambda: True, health)
    mailing.use(shop)

    mailing.ticked(MONDAY_US)
    mailing.wait()

    assert "no receiver" in health.problems["reports"]


@pytest.mark.slow
def test_a_report_is_sent_by_hand(shop: Workspace, store: Store, inbox: Inbox) -> None:
    """The schedule does not count it."""
    simulate(store, time.time_ns() // 1000)

    finished = invoke(shop.root, "report", "weekly", "--mail")

    assert (finished.stdout, finished.returncode) == ("boss: delivered\n", 0)
    assert len(inbox.mails) == 1
    assert store.outbox.reported_us("weekly") is None


@pytest.mark.slow
def test_a_service_sends_what_is_due_and_not_again_when_it_restarts(
    shop: Workspace, store: Store, inbox: Inbox, tmp_path: Path
) -> None:
    """Even if it was killed: what was sent stands in the store."""
    store.outbox.add_report("weekly", time.time_ns() // 1000 - 200 * HOUR_US, ())

    first = watch(shop, tmp_path / "first.log")
    wait_for(lambda: bool(store.outbox.search(status=Status.DELIVERED)))
    first.kill()
    first.wait()
    second = watch(shop, tmp_path / "second.log")
    wait_for(lambda: "alerts.began" in (tmp_path / "second.log").read_text())
    second.terminate()

    assert second.wait(30) == 0
    assert len(inbox.mails) == 1
    assert "report.posted" not in (tmp_path / "second.log").read_text()


def watch(shop: Workspace, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "outrider", "up", "--no-pages"], cwd=shop.root, stderr=file, start_new_session=True
        )


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def test_a_report_has_german_forms_for_people_and_plain_ones_for_programs(
    shop: Workspace, store: Store, inbox: Inbox
) -> None:
    """`locale = "de"`: page, Markdown and mail with its subject; CSV and JSON stay as they are."""
    settings = shop.root / "outrider.toml"
    monday_us = MONDAY_US - 52 * 7 * 24 * HOUR_US
    simulate(store, monday_us, checks=1)
    store.outbox.add_report("weekly", monday_us - 100 * HOUR_US, ())
    period = ReportPeriod("weekly", week="2026-W03")
    plain = {form: period_document(shop, store, period, ReportForm(form, "steps")).text for form in FORMS[2:]}
    settings.write_text('[workspace]\ntimezone = "Europe/Berlin"\nlocale = "de"\n')
    german = load(shop.root)

    post_due(store, german, monday_us)
    deliver(store, german)
    written = {form: period_document(german, store, period, ReportForm(form, "steps")).text for form in FORMS}

    assert written["csv"] == plain["csv"]
    assert re.sub(r'"now_us": \d+', "", written["json"]) == re.sub(r'"now_us": \d+', "", plain["json"])
    assert "Mo 12.01.2026, 00:00" in written["html"]
    assert 'data-locale="de"' in written["html"]
    assert re.search(r"\d,\d+ %", written["md"])
    assert not re.search(r"\d\.\d{1,2} (s|ms|%)", written["md"])
    (mail,) = inbox.mails
    assert re.fullmatch(r"Shop, 12\.-19\. Jan\.: .*99,5 %.*", mail["Subject"])
