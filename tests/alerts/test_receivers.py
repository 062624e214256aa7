"""Channels, each against a real server."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import NOW_US
from tests.listeners import free_port

from outrider.alerts.http_post import Post, post, redirected
from outrider.alerts.message import Enclosure, Item, Message
from outrider.alerts.network_guard import Guard
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.receivers.alertmanager import Alertmanager
from outrider.alerts.receivers.apprise_service import Service
from outrider.alerts.receivers.command_receiver import Command
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.receivers.pagerduty import PagerDuty
from outrider.alerts.receivers.sentry import Sentry
from outrider.alerts.receivers.webhook import Webhook
from outrider.alerts.rendered_message import RecipientsRefused, RenderedMessage, Undelivered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.alerts.conftest import Sink
    from tests.mail_server import Inbox

LOCAL = Guard(("127.0.0.0/8",))
LABELS = {
    "problem": "failure", "trouble": "failure", "environment": "production", "check": "probe:home", "step": "pay",
    "severity": "critical", "team": "shop", "fault": "status #",
}  # fmt: skip
ITEM = Item(
    "incident-1", "home: refused", (("step", "pay"), ("runbook", "shop.md")), "open", NOW_US, None, LABELS,
    runbook="https://wiki.example/shop.md", title="Home page", address="https://shop.example/",
    run_url="https://outrider.example/runs/7", incident_url="https://outrider.example/incidents/incident-1",
)  # fmt: skip
MESSAGE = Message(
    NotificationKind.TRIGGER, "outrider-abc", "[critical] home: refused", "critical", (ITEM,), NOW_US, "shop"
)


def rendered(kind: NotificationKind = NotificationKind.TRIGGER, **changes: Any) -> RenderedMessage:
    message = replace(MESSAGE, kind=kind, **changes)
    return RenderedMessage("row-1", message.subject, message.text, message)


def mail(inbox: Inbox, **more: Any) -> Mail:
    return Mail(inbox.server, "outrider@shop.example", ("ops@shop.example",), **more)


def test_mail_has_a_stable_id_and_says_it_in_text_and_html(inbox: Inbox) -> None:
    """The same notification twice can be recognised by its Message-ID."""
    mail(inbox).deliver(rendered())
    mail(inbox).deliver(rendered())

    first, second = inbox.mails
    assert first["Message-ID"] == second["Message-ID"] == "<row-1@shop.example>"
    assert first["Subject"] == "[critical] home: refused"
    assert first["In-Reply-To"] == first["References"] == "<outrider-abc.003ff0a5@shop.example>"
    parts = [part.get_content_type() for part in first.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert "step: pay" in first.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_mails_of_a_group_answer_the_first(inbox: Inbox) -> None:
    """Message-IDs are of the sender's own domain; another receiver's mails are a thread of their own."""
    sender = mail(inbox)

    for kind in (NotificationKind.TRIGGER, NotificationKind.REMINDER, NotificationKind.RESOLVED):
        sender.deliver(rendered(kind, thread="thread-1"))
    Mail(inbox.server, "Outrider <outrider@shop.example>", ("dev@shop.example",)).deliver(rendered(thread="thread-1"))

    first, *answers, other = inbox.mails
    assert first["In-Reply-To"] is None
    assert [answer["In-Reply-To"] for answer in answers] == [first["Message-ID"]] * 2
    assert [answer["References"] for answer in answers] == [first["Message-ID"]] * 2
    assert other["Message-ID"] != first["Message-ID"]
    assert all(mail["Message-ID"].endswith("@shop.example>") for mail in inbox.mails)


def test_recipients_that_are_refused_do_not_keep_the_mail_from_the_others(inbox: Inbox) -> None:
    """Who may be taken later and who never will are told apart."""
    inbox.refused = {"ben@shop.example": "451 mailbox is busy", "cleo@shop.example": "550 no such user"}
    to = ("ada@shop.example", "ben@shop.example", "cleo@shop.example")

    with pytest.raises(RecipientsRefused, match=r"refused ben@shop\.example: 451 mailbox is busy") as caught:
        Mail(inbox.server, "outrider@shop.example", to).deliver(rendered())

    assert caught.value.accepted
    assert (caught.value.temporary, caught.value.permanent) == (("ben@shop.example",), ("cleo@shop.example",))
    assert inbox.recipients == [["ada@shop.example"]]


def test_a_mail_for_some_of_its_recipients_goes_to_nobody_else(inbox: Inbox) -> None:
    """The others have it already."""
    sender = Mail(inbox.server, "outrider@shop.example", ("ada@shop.example", "ben@shop.example"))

    sender.deliver(rendered(only_to=("ben@shop.example",)))

    assert inbox.recipients == [["ben@shop.example"]]


def test_addresses_in_a_mail_can_be_followed(inbox: Inbox) -> None:
    """In the page, without what surrounds them in a sentence; nothing else of the text is markup."""
    body = "see http://watch.example/runs/1?a=1&b=2, or (https://wiki.example/pay). <b>javascript:alert(1)</b>"

    mail(inbox).deliver(replace(rendered(), body=body))

    page = inbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<a href="http://watch.example/runs/1?a=1&amp;b=2">http://watch.example/runs/1?a=1&amp;b=2</a>, or' in page
    assert '(<a href="https://wiki.example/pay">https://wiki.example/pay</a>). &lt;b&gt;javascript:alert(1)' in page


def test_mail_carries_the_trend(inbox: Inbox) -> None:
    """The picture stands in the page."""
    trend = Enclosure.of("trend.png", "image/png", b"\x89PNG", cid="trend@outrider.invalid", title="pay, ms")

    mail(inbox).deliver(replace(rendered(), pictures=lambda _: (trend,)))
    mail(inbox, has_pictures=False).deliver(replace(rendered(), pictures=lambda _: (trend,)))

    kinds = [part.get_content_type() for part in inbox.mails[0].walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    page = inbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert 'src="cid:trend@outrider.invalid" alt="pay, ms"' in page
    assert "cid:" not in inbox.mails[1].as_string()


@pytest.mark.parametrize(("answer", "recoverable"), [("451 later", True), ("554 never", False)])
def test_a_mail_server_says_whether_to_come_back(inbox: Inbox, answer: str, *, recoverable: bool) -> None:
    """RFC 5321: 4yz passes, 5yz stays."""
    inbox.answers = [answer]

    with pytest.raises(Undelivered, match=answer) as caught:
        mail(inbox).deliver(rendered())

    assert caught.value.recoverable is recoverable


def test_a_mail_server_that_is_not_there_may_come_back() -> None:
    """So may a name that cannot be looked up."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Undelivered) as caught:
            Mail(f"smtp://127.0.0.1:{taken.getsockname()[1]}", "a@b", ("c@d",)).deliver(rendered())

    assert caught.value.recoverable


def test_a_webhook_is_signed(sink: Sink) -> None:
    """Whoever has the secret can tell that it comes from here, and when."""
    Webhook(sink.url, "secret", LOCAL).deliver(rendered())

    ((_, headers, body),) = sink.taken
    at, signed = (part.split("=")[1] for part in headers["X-Outrider-Signature"].split(","))
    assert signed == hmac.new(b"secret", at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"] == "row-1"
    document = json.loads(body)
    assert (document["version"], document["kind"], document["topic"]) == (1, "trigger", "outrider-abc")
    assert document["items"][0]["headline"] == "home: refused"


@pytest.mark.parametrize(
    ("status", "headers", "recoverable", "retry_after_s"),
    [
        (500, {}, True, None),
        (503, {"Retry-After": "30"}, True, 30.0),
        (429, {"Retry-After": "7"}, True, 7.0),
        (429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, True, 0.0),
        (429, {"Retry-After": "soon"}, True, None),
        (404, {}, False, None),
        (302, {"Location": "/elsewhere"}, False, None),
    ],
)
def test_an_address_says_whether_to_come_back(
    sink: Sink, status: int, headers: dict[str, str], retry_after_s: float | None, *, recoverable: bool
) -> None:
    """And when."""
    sink.answers = [(status, headers, 0.0)]

    with pytest.raises(Undelivered, match=str(status)) as caught:
        Webhook(sink.url, "", LOCAL).deliver(rendered())

    assert (caught.value.recoverable, caught.value.retry_after_s) == (recoverable, retry_after_s)


def test_an_address_that_hangs_is_left(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come back."""
    monkeypatch.setattr("outrider.alerts.http_post.LIMIT_S", 0.3)
    sink.answers = [(200, {}, 30.0)]

    with pytest.raises(Undelivered) as caught:
        Webhook(sink.url, "", LOCAL).deliver(rendered())

    assert caught.value.recoverable


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "169.254.169.254", "10.1.2.3", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
def test_webhooks_do_not_go_to_private_addresses(host: str) -> None:
    """Unless the workspace allows it."""
    with pytest.raises(Undelivered, match="not a public address") as caught:
        Webhook(f"http://{host}:9/", "", Guard()).deliver(rendered())

    assert not caught.value.recoverable


def test_redirects_are_followed_and_guarded(sink: Sink) -> None:
    """307 and 308 keep the method; where they lead is looked at as the first address was."""
    sink.answers = [(307, {"Location": "/moved"}, 0.0)]
    Webhook(sink.url, "", LOCAL).deliver(rendered())
    assert [path for path, _, _ in sink.taken] == ["/", "/moved"]

    sink.answers = [(308, {"Location": "http://169.254.169.254/latest"}, 0.0)]
    with pytest.raises(Undelivered, match=r"169\.254\.169\.254, which is not a public address"):
        Webhook(sink.url, "", LOCAL).deliver(rendered())
    sink.answers = [(307, {"Location": "/again"}, 0.0)] * 9
    with pytest.raises(Undelivered, match="in circles"):
        Webhook(sink.url, "", LOCAL).deliver(rendered())


@pytest.mark.parametrize(
    "location",
    ["http://[::1", "http://127.0.0.1:99999/", "ftp://127.0.0.1/", "http://a..b/", "/é"],
)
def test_a_redirect_to_no_address_is_told_and_not_tried_again(sink: Sink, location: str) -> None:
    """Whatever a server answers, the lane goes on."""
    sink.answers = [(307, {"Location": location.encode().decode("latin-1")}, 0.0)]

    with pytest.raises(Undelivered) as caught:
        Webhook(sink.url, "", LOCAL).deliver(rendered())

    assert not caught.value.recoverable


def test_a_redirect_from_https_to_http_is_refused() -> None:
    """What was meant for one reader is not sent in clear."""
    with pytest.raises(Undelivered, match="from https to http") as caught:
        redirected(Post("https://hook.test/a", b"body", {}), "http://hook.test/a")

    assert not caught.value.recoverable


def test_a_redirect_to_another_origin_takes_no_proof_of_us_along(sink: Sink) -> None:
    """A signature, and any header that may be a credential, is for the origin that was named."""
    own = {"Content-Type": "text/plain", "Authorization": "Bearer x", "X-Outrider-Signature": "t=1,v1=x"}
    elsewhere = sink.url.replace("127.0.0.1", "localhost")
    sink.answers = [
        (307, {"Location": "/same"}, 0.0),
        (308, {"Location": elsewhere}, 0.0),
        (307, {"Location": sink.url}, 0.0),
    ]

    post(Post(sink.url, b"body", own), LOCAL)

    carried = [sorted(own.keys() & headers.keys()) for _, headers, _ in sink.taken]
    assert carried == [sorted(own), sorted(own), ["Content-Type"], ["Content-Type"]]
    assert {body for _, _, body in sink.taken} == {b"body"}


def test_pagerduty_gets_one_key_for_the_life_of_a_problem(sink: Sink) -> None:
    """Events v2: trigger, acknowledge, resolve."""
    channel = PagerDuty("key", sink.url, LOCAL)

    for kind in (
        NotificationKind.TRIGGER,
        NotificationKind.REMINDER,
        NotificationKind.ACKNOWLEDGED,
        NotificationKind.RESOLVED,
    ):
        channel.deliver(rendered(kind))

    actions = [body["event_action"] for body in sink.bodies]
    assert actions == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {body["dedup_key"] for body in sink.bodies} == {"outrider-abc"}
    payload = sink.bodies[0]["payload"]
    assert (payload["severity"], payload["source"], payload["component"]) == ("critical", "shop", "pay")
    assert "payload" not in sink.bodies[2]
    assert (payload["class"], payload["group"]) == ("failure", "production")
    details = payload["custom_details"]
    assert (details["title"], details["address"], details["labels"]["team"]) == (
        "Home page", "https://shop.example/", "shop",
    )  # fmt: skip
    assert [link["text"] for link in sink.bodies[0]["links"]] == ["run", "incident", "runbook"]


def test_sentry_gets_an_event_of_its_own_form(sink: Sink) -> None:
    """An envelope: a header line, an item's header, the item."""
    channel = Sentry(sink.url.replace("http://", "http://key@") + "prefix/7", LOCAL)

    channel.deliver(rendered())
    channel.deliver(rendered())

    path, headers, body = sink.taken[0]
    head, item, payload = body.split(b"\n", 2)
    event = json.loads(payload)
    assert path == "/prefix/api/7/envelope/"
    assert "sentry_key=key" in headers["X-Sentry-Auth"]
    assert json.loads(item)["length"] == len(payload.rstrip(b"\n"))
    assert (event["level"], event["fingerprint"]) == ("fatal", ["outrider-abc"])
    assert json.loads(head)["event_id"] == json.loads(sink.taken[1][2].split(b"\n")[0])["event_id"]


def test_a_command_gets_the_message_on_its_input(tmp_path: Path) -> None:
    """Whatever it does is up to it."""
    target = tmp_path / "told.json"
    program = f"import sys, pathlib; pathlib.Path({str(target)!r}).write_text(sys.stdin.read())"

    Command((sys.executable, "-c", program)).deliver(rendered())

    document = json.loads(target.read_text())
    assert (document["id"], document["subject"]) == ("row-1", "[critical] home: refused")


@pytest.mark.parametrize(("code", "recoverable"), [(75, True), (1, False)])
def test_a_command_says_whether_to_come_back(code: int, *, recoverable: bool) -> None:
    """By the exit code of sysexits."""
    with pytest.raises(Undelivered, match=f"ended with {code}: no") as caught:
        Command((sys.executable, "-c", f"import sys; print('no', file=sys.stderr); sys.exit({code})")).deliver(
            rendered()
        )

    assert caught.value.recoverable is recoverable


def test_a_command_that_is_not_there_is_said() -> None:
    """Trying again is of no use."""
    with pytest.raises(Undelivered, match="No such file") as caught:
        Command(("/no/such/program",)).deliver(rendered())

    assert not caught.value.recoverable


def test_apprise_delivers_to_its_services(sink: Sink) -> None:
    """ntfy stands for the many."""
    place = sink.url.removeprefix("http://")

    Service(f"ntfy://{place}outrider?mode=private", LOCAL).deliver(rendered())

    assert "home: refused" in sink.taken[0][2].decode()


def test_apprise_says_a_headline_once_and_keeps_what_a_template_made(sink: Sink) -> None:
    """A chat shows the title just above the text."""
    service = Service(f"ntfy://{sink.url.removeprefix('http://')}outrider?mode=private", LOCAL)
    sent = rendered(is_told=True)

    service.deliver(sent)
    service.deliver(replace(sent, subject="home"))

    usual, own = (json.loads(body) for _, _, body in sink.taken)
    assert (usual["title"], usual["message"].strip()) == (MESSAGE.subject, "step: pay\nrunbook: shop.md")
    assert own["message"].startswith("home: refused\n")


def test_apprise_says_where_it_cuts_a_long_text(sink: Sink) -> None:
    """Services refuse what is too long; a reader sees that there is more."""
    place = sink.url.removeprefix("http://")

    Service(f"ntfy://{place}outrider?mode=private", LOCAL).deliver(replace(rendered(), body="x" * 30_000))

    assert "[cut: 30000 characters]" in sink.taken[0][2].decode()


def test_apprise_that_is_refused_is_tried_again(sink: Sink) -> None:
    """It does not say why, so trying again may help."""
    place = sink.url.removeprefix("http://")
    sink.answers = [(500, {}, 0.0)] * 5
    with pytest.raises(Undelivered) as caught:
        Service(f"ntfy://{place}outrider?mode=private", LOCAL).deliver(rendered())
    assert caught.value.recoverable


def test_apprise_sends_nothing_to_a_private_address(sink: Sink) -> None:
    """As with a webhook: not at once, and not by a redirection, unless the workspace allows the network."""
    port = sink.url.rpartition(":")[2].strip("/")
    with pytest.raises(Undelivered, match="which is not a public address; allow it below") as caught:
        Service(f"ntfy://localhost:{port}/outrider?mode=private", Guard()).deliver(rendered())
    assert (caught.value.recoverable, sink.taken) == (False, [])

    sink.answers = [(307, {"Location": "http://[::1]:9/"}, 0.0)]
    with pytest.raises(Undelivered, match="::1, which is not a public address"):
        Service(f"ntfy://127.0.0.1:{port}/outrider?mode=private", LOCAL).deliver(rendered())
    assert len(sink.taken) == 1


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's Alertmanager on ports of its own."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("prometheus-alertmanager is not installed")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = [f"--config.file={folder}/config.yml", f"--storage.path={folder}/data", "--cluster.listen-address="]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [program, *options, f"--web.listen-address=127.0.0.1:{port}"], stderr=log, stdout=log
        )
        try:
            ends_s = time.monotonic() + 30
            while not _is_ready(url):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < ends_s
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def pushed(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
        document: list[dict[str, Any]] = json.load(answer)
    return document


def test_alertmanager_takes_an_alert_and_its_end(alertmanager: str) -> None:
    """A real one: what changes stands in annotations, so that it stays one alert."""
    now_us = time.time_ns() // 1000
    item = replace(ITEM, began_us=now_us - 1_000_000, opening_labels=LABELS)
    later = replace(item, labels={**LABELS, "check": "", "team": "", "fault": "other"})
    channel = Alertmanager(alertmanager, LOCAL)

    channel.deliver(rendered(items=(item,), created_us=now_us))
    channel.deliver(rendered(NotificationKind.UPDATE, items=(later,), created_us=now_us))
    (alert,) = pushed(alertmanager)
    channel.deliver(rendered(NotificationKind.RESOLVED, items=(replace(later, ended_us=now_us),), created_us=now_us))

    assert alert["labels"] == {
        "alertname": "Outrider failure",
        "incident": "incident-1",
        "workspace": "shop",
        "problem": "failure",
        "trouble": "failure",
        "environment": "production",
        "severity": "critical",
        "check": "probe:home",
        "step": "pay",
        "team": "shop",
    }
    annotations = {name: alert["annotations"][name] for name in ("summary", "title", "address", "runbook_url")}
    assert annotations == {
        "summary": "home: refused",
        "title": "Home page",
        "address": "https://shop.example/",
        "runbook_url": "https://wiki.example/shop.md",
    }
    assert alert["generatorURL"] == "https://outrider.example/runs/7"
    assert pushed(alertmanager) == []


def test_an_incident_that_becomes_more_severe_is_one_alert_at_a_time(alertmanager: str) -> None:
    """The severity is a label there, and so another alert, which takes the place of the first."""
    now_us = time.time_ns() // 1000
    warning = replace(
        ITEM, incident="incident-2", began_us=now_us - 2_000_000, labels={**LABELS, "severity": "warning"}
    )
    critical = replace(warning, labels=LABELS, past_severities=("warning",))
    channel = Alertmanager(alertmanager, LOCAL)

    channel.deliver(rendered(items=(warning,), created_us=now_us - 1_000_000))
    before = [alert["labels"]["severity"] for alert in pushed(alertmanager)]
    channel.deliver(rendered(NotificationKind.UPDATE, items=(critical,), created_us=now_us))
    after = [alert["labels"]["severity"] for alert in pushed(alertmanager)]
    channel.deliver(rendered(NotificationKind.RESOLVED, items=(replace(critical, ended_us=now_us),), created_us=now_us))

    assert (before, after) == (["warning"], ["critical"])
    assert pushed(alertmanager) == []
