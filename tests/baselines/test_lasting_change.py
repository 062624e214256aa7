"""Lasting changes of level that somebody would feel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks.detection.latency import PROFILES, Change, monitor

from outrider.baselines import LastingChange, Settings, lasting_changes
from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines.series import FloatArray, TimeArray

T0 = np.datetime64("2026-01-05", "s")  # a Monday
A_DAY = 288


def clock(count: int, every_s: int = 300) -> TimeArray:
    """Return times from a Monday on."""
    times: TimeArray = T0 + np.arange(count) * np.timedelta64(every_s, "s")
    return times


def changes_of(value: FloatArray, every_s: int = 300, **overrides: object) -> list[LastingChange]:
    """Return the changes of values at a cadence."""
    return lasting_changes(clock(len(value), every_s), value, Settings.of(overrides))


def shares(changes: Sequence[LastingChange]) -> list[float]:
    """Return by how much levels changed."""
    return [round(change.ratio - 1, 2) for change in changes]


@pytest.mark.parametrize("days", [1, 2, 4, 8, 30])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_quiet_history_has_no_changes(profile: str, days: int) -> None:
    """Of four histories with a daily season at most one is told a change (seeds 0 to 3)."""
    flagged = 0
    for seed in range(4):
        flagged += bool(changes_of(monitor(np.random.default_rng([seed, 81, days]), days * A_DAY, profile)))

    assert flagged <= 1


@pytest.mark.parametrize("days", [4, 10, 12, 14, 30])
def test_a_change_is_told_with_the_share_that_it_has(days: int) -> None:
    """Thirty percent on any day of the week, under a season, are told as 25 to 35 (seed 1)."""
    onset = days * A_DAY // 2
    (change,) = changes_of(monitor(np.random.default_rng(1), days * A_DAY, "typical", Change("step", 0.3, onset)))

    assert change.ratio - 1 == pytest.approx(0.3, abs=0.05)
    assert abs(change.at_s - int(clock(days * A_DAY)[onset].astype(int))) <= 3600
    assert change.earliest_s <= change.at_s <= change.latest_s
    assert change.change in {f"+{share} %" for share in range(25, 36)}


@pytest.mark.parametrize(
    ("before", "after", "floor_ms", "told"),
    [(1.0, 1.85, 5.0, []), (1.0, 1.85, 0.0, [0.85]), (200.0, 206.0, 5.0, []), (200.0, 280.0, 5.0, [0.4])],
)
@pytest.mark.parametrize("every_s", [30, 3600])
def test_what_nobody_feels_is_no_change(
    every_s: int, before: float, after: float, floor_ms: float, told: list[float]
) -> None:
    """Neither below the floor of milliseconds nor below five percent, in histories of hours and of weeks (seed 2)."""
    noise = 1 + 0.01 * np.random.default_rng(2).standard_normal(600)

    changes = changes_of(np.repeat([before, after], 300) * noise, every_s, floor_ms=floor_ms)

    assert shares(changes) == pytest.approx(told, abs=0.02)


def test_changes_below_the_floor_add_up() -> None:
    """Three steps of four percent are no three changes; what they make together is told (seed 3)."""
    level = np.repeat([800.0, 832.0, 865.0, 900.0], 14 * 24)
    value = level * (1 + 0.01 * np.random.default_rng(3).standard_normal(len(level)))

    changes = changes_of(value, 3600)

    assert 1 <= len(changes) <= 2
    assert all(change.ratio >= 1.05 for change in changes)
    assert changes[-1].after / changes[0].before == pytest.approx(1.1, abs=0.04)


def test_a_short_history_does_not_tell_its_times_of_day() -> None:
    """A level that doubles within a day is told; half as much again is not, since a morning may do that (seed 4)."""
    noise = 1 + 0.03 * np.random.default_rng(4).standard_normal(A_DAY)
    half = A_DAY // 2

    assert changes_of(np.repeat([200.0, 290.0], half) * noise) == []
    assert shares(changes_of(np.repeat([200.0, 400.0], half) * noise)) == pytest.approx([1.0], abs=0.05)


def test_a_level_of_zero_has_no_share() -> None:
    """Where values were zero, the change says so (seed 5)."""
    value = np.repeat([0.0, 260.0], 100) * (1 + 0.01 * np.random.default_rng(5).standard_normal(200))

    (change,) = changes_of(value, 60)

    assert (change.before, change.change) == (0.0, "from zero")
    assert np.isnan(change.ratio)


def test_a_release_within_the_interval_explains_a_change() -> None:
    """The nearest of several, by its position; none outside of it (seed 6)."""
    value = np.repeat([200.0, 260.0], 14 * A_DAY) * (1 + 0.02 * np.random.default_rng(6).standard_normal(28 * A_DAY))
    at, moment = clock(len(value)), np.timedelta64(60, "s")
    begun = at[14 * A_DAY]

    (explained,) = lasting_changes(at, value, Settings(), [at[0], begun - moment, at[-1]])
    (unexplained,) = lasting_changes(at, value, Settings(), [at[0], at[-1]])

    assert (explained.release, unexplained.release) == (1, None)


def test_a_weekend_that_is_quicker_is_no_change() -> None:
    """Twenty percent on Saturday and Sunday, in the workspace's time zone, from the second week on (seed 7)."""
    at = clock(28 * 24, 3600)
    weekend = (np.arange(len(at)) // 24) % 7 >= 5
    value = np.where(weekend, 160.0, 200.0) * (1 + 0.03 * np.random.default_rng(7).standard_normal(len(at)))

    assert lasting_changes(at, value, Settings()) == []


def test_missing_runs_and_odd_values_are_left_out() -> None:
    """What is no number from zero says nothing; nothing at all says nothing, too (seed 8)."""
    value = np.repeat([200.0, 260.0], 14 * 24) * (1 + 0.02 * np.random.default_rng(8).standard_normal(28 * 24))
    value[::5], value[1::50], value[2::50] = np.nan, -1.0, np.inf

    assert shares(changes_of(value, 3600)) == pytest.approx([0.3], abs=0.03)
    assert changes_of(np.full(10, np.nan)) == []
    assert changes_of(np.zeros(0)) == []
    with pytest.raises(BadSeries):
        lasting_changes(clock(3), np.zeros(4), Settings())
