"""A target of our own, and loads against it by locustfiles that are written in place."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from outrider.load import LoadMeasure, Profile, Surroundings
from outrider.load.catalogue import time_limit_s
from outrider.model import Check, CheckId, Kind, Measurement, Order, altogether, new_run_id
from outrider.workspace import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.load import Listener
    from outrider.model import LoadShareLog

CHECK = CheckId("load:test")
CALM = LoadSettings(busy_above=1e9, late_s=1e9)
"""A busy machine is the subject of tests of its own, and no reason for others to fail."""


class Target(BaseHTTPRequestHandler):
    """Answers at once, and to nobody while `server.stalled` is set.

    `/sleep?s=1` is answered later, `/body?s=1` with its head at once, `/fail` with 500, below any path.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        name = url.path.rpartition("/")[2]
        number = self.server.note(self.path)  # type: ignore[attr-defined]
        if self.server.stalls_after is not None and number > self.server.stalls_after:  # type: ignore[attr-defined]
            self.server.stalled.set()  # type: ignore[attr-defined]
        while self.server.stalled.is_set():  # type: ignore[attr-defined]
            time.sleep(0.01)
        if name == "sleep":
            time.sleep(float(parse_qs(url.query)["s"][0]))
        body = b"hello"
        self.send_response(500 if name == "fail" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if name == "body":
            self.wfile.flush()
            time.sleep(float(parse_qs(url.query)["s"][0]))
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Counts what it is asked, and tells who waits for that."""

    daemon_threads = True
    request_queue_size = 128
    stalls_after: int | None = None
    """How many requests are answered before it stalls; None answers all."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: list[str] = []
        self.stalled = threading.Event()
        self._news = threading.Condition()

    def note(self, path: str) -> int:
        """Note a request; return how many there were."""
        with self._news:
            self.seen.append(path)
            self._news.notify_all()
            return len(self.seen)

    def count_of(self, expected: int, timeout_s: float = 5.0) -> int:
        """Return how many requests there were, waiting a moment for those that are still to be read."""
        with self._news:
            self._news.wait_for(lambda: len(self.seen) >= expected, timeout_s)
            return len(self.seen)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture(scope="session")
def target() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Target) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dataclass
class Ground:
    """A folder for locustfiles, and what measures them."""

    root: Path
    host: str
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    settings: LoadSettings = CALM
    scratch: list[Path] = field(default_factory=list)
    target: Server | None = None
    uncounted: str = ""
    """Why the target may have seen another number of requests than were counted; empty where they have to be equal."""

    def write(self, text: str, name: str = "locustfile.py") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def profile(self, **changes: Any) -> Profile:
        usual = {"file": "locustfile.py", "host": self.host, "users": 2, "spawn_rate": 100.0, "duration_s": 1.0}
        return Profile(**{**usual, **changes})

    def uncount(self, why: str) -> None:
        """Leave the target's own count out of account in this test."""
        self.uncounted = why

    def load(
        self,
        profile: Profile,
        listener: Listener | None = None,
        *,
        deadline_s: float | None = None,
        shares: LoadShareLog | None = None,
    ) -> Measurement:
        surroundings = Surroundings(self.root, self.environment, self.settings)
        measure = LoadMeasure({CHECK: profile}, surroundings, listener, shares=shares)
        scratch = self.root.parent / f"scratch-{len(self.scratch)}"
        scratch.mkdir()
        self.scratch.append(scratch)
        check = Check(CHECK, Kind.LOAD, profile.file, "test", "test")
        order = Order(new_run_id(time.time_ns() // 1000), check, 1, deadline_s or time_limit_s(profile), scratch)
        measured = measure.measure(order)
        self._compare(measured)
        return measured

    def _compare(self, measured: Measurement) -> None:
        """Compare what was counted with what the target has seen."""
        if self.target is None or self.uncounted:
            return
        counted = altogether(measured.load.endpoints).requests if measured.load else 0
        assert self.target.count_of(counted) == counted, measured.reason


@pytest.fixture
def ground(tmp_path: Path, target: Server) -> Ground:
    root = tmp_path / "workspace"
    root.mkdir()
    target.seen.clear()
    target.stalls_after = None
    target.stalled.clear()
    return Ground(root, f"http://127.0.0.1:{target.server_address[1]}", target=target)
