"""Clocks that are set while nobody looks."""

from __future__ import annotations

import pytest
from tests.scheduler.conftest import NOW_US, SECOND_US, SetClock

from outrider.scheduler.clock import ClockWatch, Look


@pytest.mark.parametrize(
    ("set_by_s", "seen_s"), [(0, 0), (2, 0), (-2, 0), (2.1, 2.1), (-2.1, -2.1), (3600, 3600), (-3600, -3600)]
)
def test_a_jump_is_what_the_monotonic_clock_did_not_see(set_by_s: float, seen_s: float) -> None:
    """A little is slewing, by which clocks are corrected all the time; a jump is told once."""
    clock = SetClock()
    watch = ClockWatch(clock)
    clock.passes(10)
    clock.is_set(set_by_s)
    now_us = NOW_US + 10 * SECOND_US + round(set_by_s * SECOND_US)

    assert watch.look() == Look(now_us, round(seen_s * SECOND_US))
    assert watch.look() == Look(now_us, 0)
