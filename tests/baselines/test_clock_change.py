"""A season that moves by an hour is noticed and followed, and its zone advised."""

from __future__ import annotations

import numpy as np

from outrider.baselines import Settings, State, dump, explain, load, replay
from outrider.baselines.clock_change import zones_that_moved
from outrider.baselines.judge import advance
from outrider.baselines.series import IntArray, seconds_of
from outrider.baselines.state import Condition

RUNS = 5 * 7 * 288
CHANGE = np.datetime64("2026-03-29T01:00:00", "s")


def berlin_office(seed: int, *, moves: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return five weeks of runs that take 40 % longer from 8 to 17 h in Berlin, whose clocks change after four."""
    at = np.datetime64("2026-03-01T00:00:00", "s") + np.arange(RUNS) * np.timedelta64(300, "s")
    local = at.astype(np.int64) + 3600 + 3600 * (moves & (at >= CHANGE))
    hour = local % 86_400 / 3600
    office = np.clip(hour - 8, 0, 1) * np.clip(18 - hour, 0, 1)
    return at, 800 * np.exp(0.34 * office + 0.08 * np.random.default_rng(seed).standard_normal(RUNS))


def state_of(at: np.ndarray, value: np.ndarray, tz: str = "UTC") -> State:
    seconds: IntArray = seconds_of(at, len(at))
    return advance(State(settings=Settings.of({"tz": tz})), seconds, value)[0]


def test_a_season_that_follows_other_clocks_raises_no_alert_when_they_change() -> None:
    """Under UTC; the signal says which zone to set, also from a checkpoint; a zone that is set needs none (seed 3)."""
    at, value = berlin_office(3)

    state = state_of(at, value)

    assert not replay(at, value).any()
    assert (state.zone, state.condition) == ("Europe/Berlin", Condition.STEADY)
    assert "when clocks in Europe/Berlin changed: set timezone" in explain(load(dump(state))).reason
    assert state_of(at, value, "Europe/Berlin").zone == ""


def test_a_slowdown_at_the_time_of_a_clock_change_is_still_seen() -> None:
    """Half as long again from the Sunday morning on, and a season that did not move (seed 5)."""
    at, value = berlin_office(5, moves=False)
    slow = at >= CHANGE + np.timedelta64(6, "h")
    value[slow] *= 1.5

    alerting = replay(at, value)

    assert not alerting[~slow].any()
    assert alerting[slow][:12].any()


def test_clocks_moved_lately_where_their_rule_says() -> None:
    """Against the zone of the workspace, for three days."""
    sunday = int(CHANGE.astype(np.int64))

    assert "Europe/Berlin" not in zones_that_moved(sunday - 3600, "UTC")
    assert "Europe/Berlin" in zones_that_moved(sunday + 3600, "UTC")
    assert "Europe/Berlin" not in zones_that_moved(sunday + 3600, "Europe/Paris")
    assert "Europe/Berlin" not in zones_that_moved(sunday + 4 * 86_400, "UTC")
