"""Clocks that are set while nobody looks."""

from __future__ import annotations

import time

import pytest
from tests.scheduler.conftest import NOW_US, SECOND_US, SetClock

from outrider.scheduler.clock import ClockWatch, Look, SystemClock


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


def test_the_clocks_of_the_machine_are_in_microseconds() -> None:
    """Of the day, and of the monotonic clock."""
    clock = SystemClock()
    begin_us, steady_begin_us = time.time_ns() // 1_000, time.monotonic_ns() // 1_000

    wall_us, steady_us = clock.wall_us(), clock.steady_us()

    assert begin_us <= wall_us <= time.time_ns() // 1_000
    assert steady_begin_us <= steady_us <= time.monotonic_ns() // 1_000
