"""A load under way, from the messages of Locust."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from outrider.load.load_outcome import End
from outrider.load.measure import LoadAttempt
from outrider.load.profile import Profile
from outrider.load.timeline import LoadTimeline
from outrider.load.wire import Counted, Ended, Requests, Second, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.load.process import LocustProcess
    from outrider.load.wire import ChildMessage


class QuickEnd:
    """Stands for a Locust that begins, and later tells of one request and its end, just after a second began."""

    is_running = True
    is_silent = False

    def __init__(self) -> None:
        self._messages = self._send_all()

    def receive(self, until_s: float) -> ChildMessage | None:
        return next(self._messages)

    def send(self, message: object) -> None:
        raise AssertionError(f"nothing is to be sent, not {message}")

    def _send_all(self) -> Iterator[ChildMessage | None]:
        yield Started(time.time())
        yield None
        time.sleep(1.001 - time.time() % 1)
        answered = Requests("GET /", {100: 1}, {}, None, 10)
        yield Counted("local", (Second(int(time.time()), 0.1, 0.0, 0.0, (answered,)),), (), ())
        yield Ended(None)
        yield None


def test_what_was_asked_just_before_the_end_counts() -> None:
    """Although a second began since the last sign of life."""
    timeline = LoadTimeline()
    profile = Profile(file="locustfile.py", host="http://shop.invalid", users=1, spawn_rate=1.0, duration_s=60.0)
    locust = cast("LocustProcess", QuickEnd())
    attempt = LoadAttempt(locust, timeline, profile, time.monotonic() + 60, listener=None, enough=None)

    assert attempt.attend() is End.ITSELF
    assert sum(endpoint.requests for endpoint in timeline.result(attempt.end_s).endpoints) == 1
