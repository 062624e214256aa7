"""What the tests of this room share: symptoms to hear, a tracker, a mail server, a place for webhooks."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import new_store
from tests.mail_server import mail_server

from outrider.alerts.alert_settings import AlertSettings, ReceiverSettings
from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.message import Message, load
from outrider.alerts.oncall import Escalation, Level
from outrider.alerts.route import Route
from outrider.model import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.mail_server import Inbox

    from outrider.alerts.rendered_message import RenderedMessage
    from outrider.model import AlertChanges
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


def symptom(present: bool, at_us: int, check: str = "probe:home", **more: Any) -> Finding:
    """Return what a run says of a check."""
    trouble = more.pop("problem", Problem.FAILURE)
    step = more.pop("step", "")
    key = FindingKey(trouble, Subject(check), "production", "local", step)
    labels = {**problem_labels(trouble), "check": check, "environment": "production", "location": "local"}
    labels |= more.pop("labels", {})
    causes = more.pop("causes", (f"check:{check}",))
    return Finding(key, present, at_us, Facts(more.pop("what", "connection refused")), causes, labels, **more)


@dataclass
class Story:
    """A tracker on a clock of its own, and everything that it tells."""

    tracker: IncidentTracker
    now_us: int = NOW_US
    sent: list[tuple[str, str, Message]] = field(default_factory=list)
    changes: list[AlertChanges] = field(default_factory=list)

    def observe(self, *finding: Finding) -> None:
        self.tracker.observe(finding, self.now_us)
        self.collect()

    def run(self, bad: str, check: str = "probe:home", every_s: float = 10, **more: Any) -> None:
        """Observe a run a character, `x` for a bad one, and let the time between them pass."""
        for character in bad:
            self.observe(symptom(character == "x", self.now_us, check, **more))
            self.wait(every_s)

    def wait(self, seconds: float, tick_s: float = 1) -> None:
        ends_us = self.now_us + int(seconds * SECOND_US)
        while self.now_us < ends_us:
            self.now_us = min(ends_us, self.now_us + int(tick_s * SECOND_US))
            self.tracker.tick(self.now_us)
            self.collect()

    def collect(self) -> None:
        changes = self.tracker.changes()
        self.changes.append(changes)
        self.sent += [
            (notification.kind, notification.receiver, load(notification.message))
            for notification in changes.notifications
        ]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.sent]

    @property
    def phases(self) -> list[str]:
        return [incident.phase.value for incident in self.tracker.incidents.values()]


@pytest.fixture
def story() -> Callable[..., Story]:
    def begin(**settings: Any) -> Story:
        settings.setdefault("route", Route(receivers=("mail",)))
        return Story(IncidentTracker(AlertSettings(**settings), workspace="shop"))

    return begin


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A mail server; `inbox.server` is its address."""
    with mail_server() as inbox:
        yield inbox


@dataclass
class Sink:
    """Takes POSTs, and answers as it is told to: a status, headers, a body, and how long it takes over it."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], float]] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.taken]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, wait_s = sink.answers.pop(0) if sink.answers else (200, {}, 0.0)
            sink.leaving.wait(wait_s)
            sink.taken.append((self.path, dict(self.headers.items()), body))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sink.url = f"http://127.0.0.1:{server.server_port}/"
    yield sink
    sink.leaving.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


class Drawer:
    """A receiver that keeps messages, or refuses them."""

    def __init__(self) -> None:
        from outrider.alerts.notification_kind import NotificationKind

        self.kinds = frozenset(NotificationKind)
        self.delivered: list[RenderedMessage] = []
        self.refusals: list[Exception] = []

    def deliver(self, rendered: RenderedMessage) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.delivered.append(rendered)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


def receivers(*receiver_settings: ReceiverSettings) -> dict[str, ReceiverSettings]:
    """Return settings by name."""
    return {receiver_setting.name: receiver_setting for receiver_setting in receiver_settings}


def ladder(*levels: Level, **more: Any) -> dict[str, Escalation]:
    """Return one escalation called "shop"."""
    return {"shop": Escalation(levels, **more)}
