"""A service prunes soon after its start and once an hour, and says what is wrong with that."""

from __future__ import annotations

import threading

import pytest

from outrider.app.service.hourly_retention import HourlyRetention
from outrider.model import OutriderError
from outrider.scheduler import Health


class Timed:
    """Retention on a clock of its own, and what it did."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.pruned_by: list[str] = []
        self.error: Exception | None = None
        self.health = Health()
        self.retention = HourlyRetention(self._prune, self.health, clock=lambda: self.now_s)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and wait for what is done at its end."""
        self.now_s += seconds
        self.retention.ticked(0)
        for thread in threading.enumerate():
            if thread.name == "retention":
                thread.join(30)

    def _prune(self) -> None:
        self.pruned_by.append(threading.current_thread().name)
        if self.error is not None:
            raise self.error


def test_expired_data_is_pruned_after_a_minute_and_then_once_an_hour_in_a_thread_of_its_own() -> None:
    """A start does not wait for it, and a tick neither; a service that never lasts an hour prunes too."""
    timed = Timed()

    counts = []
    for seconds in (0.0, 59.0, 1.0, 3_599.0, 1.0, 3_599.0, 1.0):
        timed.pass_time(seconds)
        counts.append(len(timed.pruned_by))

    assert counts == [0, 0, 1, 1, 2, 2, 3]
    assert set(timed.pruned_by) == {"retention"}


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OutriderError("the disk is full", slug="store-full"), "the disk is full"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_what_goes_wrong_degrades_the_service_until_it_is_well_again(error: Exception, problem: str) -> None:
    """Nobody waits for the thread: its problem is the service's."""
    timed = Timed()

    timed.error = error
    timed.pass_time(3_600.0)
    problems = timed.health.problems
    timed.error = None
    timed.pass_time(3_600.0)

    assert problems["retention"].startswith(problem)
    assert timed.health.problems == {}
