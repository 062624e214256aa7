"""Mails of alerts, composed from incidents, sent to a real server and opened in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, symptom
from tests.mail_reader import check_mail, opened, plain_of

from outrider.alerts.finding import Facts, Problem
from outrider.alerts.mail_page import mail_page, preview
from outrider.alerts.message import Enclosure, Message
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.rendered_message import RenderedMessage
from outrider.alerts.route import Route
from outrider.charts import trend_picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from playwright.sync_api import Browser
    from tests.alerts.conftest import Story
    from tests.mail_server import Inbox

LINKS = "https://watch.example/"
SLOW = Facts(
    "390 ms, usually 120 to 170 (2.7x)", title="Checkout", step="pay", predicate="is slow in pay", observed="390 ms",
    expected="120 to 170 ms", since_us=NOW_US - 7 * MINUTE_US, release="v2.4", run="run-1",
    address="https://shop.example/pay", errors=("test: TimeoutError", "console: TypeError: total is undefined"),
)  # fmt: skip
LONG = "Überprüfung оплаты 結帳 الدفع भुगतान " * 6
SCRIPT = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>"


def messages(story: Callable[..., Story], facts: Facts = SLOW, *, bad: int = 2, **more: Any) -> list[Message]:
    """Return the messages of an incident that opens, is reminded of, and ends."""
    route = Route(receivers=("mail",), repeat_us=60 * SECOND_US, interval_us=SECOND_US)
    followed = story(links=LINKS, timezone="Europe/Berlin", route=route)
    more = {"problem": Problem.DEGRADATION, "step": facts.step, **more}
    for _ in range(bad):
        followed.observe(replace(symptom(True, followed.now_us, **more), facts=facts))
        followed.wait(10)
    followed.wait(80)
    for _ in range(4):
        followed.observe(symptom(False, followed.now_us, **more))
        followed.wait(30)
    return [message for _, _, message in followed.sent]


def trend(_: Message) -> tuple[Enclosure, ...]:
    at_us = [NOW_US - (60 - number) * MINUTE_US for number in range(60)]
    png = trend_picture(at_us, [150.0] * 52 + [390.0] * 8, began_us=NOW_US - 7 * MINUTE_US, timezone="Europe/Berlin")
    return (Enclosure.of("trend.png", "image/png", png, cid="trend@outrider.invalid", title="Checkout: pay, ms"),)


def acknowledge(incident: str, recipient: str, notification: str, created_us: int) -> str:
    return f"{LINKS}acknowledge/{incident}.{recipient}.{notification}.{created_us}"


def sent(inbox: Inbox, message: Message) -> EmailMessage:
    """Return a mail as it came out of the server."""
    rendered = RenderedMessage("row-1", message.subject, message.text, message, acknowledge, trend)
    Mail(inbox.server, "outrider@shop.example", ("ada@shop.example",)).deliver(rendered)
    return inbox.mails[-1]


def test_a_line_leads_to_its_page_and_hides_no_address_of_others(story: Callable[..., Story]) -> None:
    """Lines with a page of ours come first and are the link themselves; what others wrote is shown as it is."""
    first = messages(story)[0]
    log = f"ERROR pay: see https://evil.example/a {LINKS}traces/1"
    item = replace(first.items[0], lines=(("ended", "see https://evil.example/b"), ("log", log)))
    message = replace(first, items=(item,))

    page = mail_page(RenderedMessage("row-1", message.subject, message.text, message), (), {})

    own, other = f'<a href="{LINKS}traces/1">ERROR pay: see https://evil.example/a</a>', ">https://evil.example/b</a>"
    assert -1 < page.find(own) < page.find(other)


@pytest.mark.browser
def test_mails_of_an_incident_can_be_read_on_a_phone_and_in_the_dark(
    inbox: Inbox, story: Callable[..., Story], chromium: Browser
) -> None:
    """What is wrong comes first, then where to act; the plain twin has the same facts."""
    opening, *_, reminder, resolved = [sent(inbox, message) for message in messages(story)]

    for mail in (opening, reminder, resolved):
        check_mail(mail, chromium)
    with opened(opening, chromium, width=320) as tab:
        assert tab.locator("h1").inner_text() == "Checkout is slow in pay: 390 ms, usually 120 to 170 (2.7x)"
        buttons = {link.inner_text(): link.get_attribute("href") for link in tab.locator(".button").all()}
        assert list(buttons) == ["Open the incident", "Acknowledge", "Open the run", "Open the runbook"]
        assert all(str(address) in plain_of(opening) for address in buttons.values())
        for row in tab.locator("tr").all():
            title, text = row.locator("th").inner_text(), row.locator("td").inner_text()
            assert f"{title}: {text}" in plain_of(opening)
    with opened(resolved, chromium) as tab:
        assert tab.locator(".state.good").inner_text() == "resolved"
        assert "Acknowledge" not in tab.locator("body").inner_text()
    with opened(reminder, chromium) as tab:
        assert tab.locator(".state").inner_text() == "warning, still open"


def test_the_preview_on_a_phone_tells_what_the_subject_does_not(story: Callable[..., Story]) -> None:
    """The error, the step and the address."""
    opening, *_, resolved = messages(story)

    assert preview(resolved).startswith("Since 2027-01-15 08:53:00 CET, for 9 min 40 s, until 2027-01-15 09:02:40 CET.")
    assert opening.subject.startswith("[shop] warning: Checkout is slow in pay: 390 ms")
    assert preview(opening).startswith("reported meanwhile: console: TypeError: total is undefined · step: pay · ")
    assert len(preview(opening)) <= 160


@pytest.mark.browser
@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(replace(SLOW, title=LONG[:200], step=LONG[:200]), id="200 characters in five scripts"),
        pytest.param(replace(SLOW, title="x" * 200, step="y" * 200), id="200 characters without a space"),
        pytest.param(replace(SLOW, title=SCRIPT, errors=(SCRIPT,), release=SCRIPT), id="script in names"),
        pytest.param(replace(SLOW, errors=("console: " + "x" * 5_000_000,)), id="an error of 5 MB"),
        pytest.param(Facts(""), id="nothing is known"),
    ],
)
def test_a_mail_takes_what_names_and_errors_hold(
    inbox: Inbox, story: Callable[..., Story], chromium: Browser, facts: Facts
) -> None:
    """It stays a mail that fits, asks for nothing and runs nothing; the subject names the problem in time."""
    mail = sent(inbox, messages(story, facts)[0])

    check_mail(mail, chromium)
    assert len(mail.as_bytes()) < 400_000
    assert " slow" in mail["Subject"][:110]


@pytest.mark.browser
def test_a_mail_tells_that_everything_fails(inbox: Inbox, story: Callable[..., Story], chromium: Browser) -> None:
    """One incident of fifty checks is one headline; twenty incidents are a list."""
    followed = story(links=LINKS)
    for number in range(50):
        followed.run("xx", f"probe:p.toml::check {number}", every_s=0.02, causes=("host:shop",), what="status 500")
    followed.wait(10)
    (message,) = [message for kind, _, message in followed.sent if kind == NotificationKind.TRIGGER]
    many = replace(message, items=tuple(replace(message.items[0], incident=f"i{number}") for number in range(20)))

    one, listed = sent(inbox, message), sent(inbox, many)

    assert one["Subject"] == "[shop] critical: check 0 and 49 more fail: status 500, since 08:00"
    check_mail(one, chromium)
    check_mail(listed, chromium)
    with opened(listed, chromium) as tab:
        assert tab.locator("h1").inner_text() == "20 incidents"
        assert tab.locator("h2").count() == 20


@pytest.mark.parametrize("kind", [NotificationKind.TEST, NotificationKind.SUPPRESSED])
def test_a_mail_of_no_incident_tells_its_note(inbox: Inbox, kind: NotificationKind) -> None:
    """A test, and what a cap held back."""
    message = Message(kind, "t", "[shop] a subject", "warning", (), NOW_US, "shop", "Nothing is wrong. <b>")

    page = sent(inbox, message).get_body(("html",)).get_content()  # type: ignore[union-attr]

    assert "Nothing is wrong. &lt;b&gt;" in page
    assert preview(message) == "Nothing is wrong. <b>"


def test_a_reminder_of_what_never_ended_says_for_how_long(story: Callable[..., Story]) -> None:
    """A year later, with its date."""
    followed = story(timezone="Europe/Berlin")
    began_us = NOW_US - 400 * 24 * 60 * MINUTE_US
    facts = replace(SLOW, since_us=began_us)
    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us, problem=Problem.DEGRADATION), facts=facts))
        followed.wait(10)

    (message,) = [message for _, _, message in followed.sent]

    assert "since 11 Dec 2025 09:00" in message.subject
    assert ", for 400 d" in message.text
