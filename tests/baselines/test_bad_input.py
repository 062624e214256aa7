"""What nobody should hand in: a clear error or the state learning, never a crash or a made-up verdict."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from outrider.baselines import Condition, Settings, State, Verdict, change_points, compare, dump, replay, step
from outrider.baselines.judge import advance
from outrider.baselines.series import seconds_of
from outrider.model import BadSeries

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries

    from outrider.baselines.series import FloatArray, IntArray

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=64)
T0 = np.datetime64("2026-01-05", "s")


def every(count: int, seconds: int = 300) -> Any:
    return T0 + np.arange(count) * np.timedelta64(seconds, "s")


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(0),
        np.full(5000, 800.0),
        np.full(5000, np.nan),
        np.full(5000, -3.0),
        np.full(5000, np.inf),
        np.zeros(5000),
        np.arange(1.0, 11.0),
        np.full(5000, 5e-324),
        np.full(5000, 1.7e308),
    ],
    ids=["empty", "constant", "missing", "negative", "infinite", "zero", "ten", "tiny", "huge"],
)
def test_odd_values_raise_no_alert(value: FloatArray) -> None:
    """Replay, change points and a step live through them."""
    assert not replay(every(len(value)), value).any()
    assert change_points(value) == []
    for item in value[:3]:
        _, signal = step(State(), T0, float(item))
        assert signal.condition is Condition.LEARNING


def test_a_constant_series_that_steps_is_seen_for_what_it_is() -> None:
    """A percent is never news; twenty are."""
    value = np.full(5000, 800.0)
    value[4500:] = 807.0
    much = np.where(np.arange(5000) >= 4500, 960.0, 800.0)

    assert not replay(every(5000), value).any()
    assert replay(every(5000), much)[4500:4520].any()


@pytest.mark.parametrize("direction", ["up", "both"])
@pytest.mark.parametrize("step_ms", [1.0, 10.0, 15.625])
def test_a_coarse_clock_and_small_values_raise_no_alert(direction: str, step_ms: float) -> None:
    """Whole steps of a clock, zeros among them, are values; a change of one step is none (seed 6)."""
    rng = np.random.default_rng(6)
    value = step_ms * np.rint(rng.gamma(4.0, 0.3, 12_000))
    value[9000:] += step_ms * (rng.random(3000) < 0.3)

    assert (value == 0).any()
    assert not replay(every(len(value)), value, settings={"direction": direction}).any()


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(level=st.floats(0.0, 40.0), rise_ms=st.floats(0.0, 4.9), noise=st.floats(0.0, 0.2), seed=st.integers(0, 99))
def test_a_change_below_the_floor_is_never_an_alert(level: float, rise_ms: float, noise: float, seed: int) -> None:
    """Five milliseconds by default, whatever the share of the level."""
    value = level + noise * np.random.default_rng(seed).random(3000)
    value[2000:] += rise_ms

    assert not replay(every(3000), value).any()


def test_a_floor_may_be_set_and_large_changes_of_small_values_are_seen() -> None:
    """A level of 1 ms that takes 20 is news at the default; 1.2 to 1.8 ms with a floor of a tenth (seed 7)."""
    rng = np.random.default_rng(7)
    value = 1.2 * np.exp(0.1 * rng.standard_normal(3000))
    much, some = value.copy(), value.copy()
    much[2000:] += 20
    some[2000:] *= 1.5

    assert replay(every(3000), much)[2000:2010].any()
    assert not replay(every(3000), some).any()
    assert replay(every(3000), some, settings={"floor_ms": 0.1})[2000:2020].any()
    assert replay(every(3000), some, settings={"floor_ms": 0})[2000:2020].any()


@pytest.mark.slow
@settings(max_examples=20)
@given(
    low=st.floats(0.0, 2000.0),
    high=st.floats(0.0, 2000.0),
    share=st.floats(0.0, 1.0),
    missing=st.sampled_from([0.0, 0.5, 0.99]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_series_of_two_values_is_steady_or_learning(
    low: float, high: float, share: float, missing: float, seed: int
) -> None:
    """All zeros and all equal among them; however many are missing, a signal says why."""
    rng = np.random.default_rng(seed)
    value = np.where(rng.random(6000) < share, high, low)
    value[rng.random(6000) < missing] = np.nan

    state, codes = advance(State(), seconds_of(every(6000), 6000), value)

    assert (codes == 2).mean() < 0.02
    _, signal = step(state, int(every(6001)[-1].astype(np.int64)), low)
    assert signal.reason


@settings(max_examples=10)
@given(
    scale=st.sampled_from(["duration", "aggregate"]),
    every_s=st.sampled_from([300, 3600]),
    missing=st.sampled_from([0.0, 0.9, 0.99]),
    seed=st.integers(0, 2**32 - 1),
)
def test_times_in_any_order_give_no_made_up_verdict(scale: str, every_s: int, missing: float, seed: int) -> None:
    """A quiet series whose runs come shuffled, most of them missing: hardly ever degraded, and a reason always."""
    rng = np.random.default_rng(seed)
    value = 800 * np.exp(0.1 * rng.standard_normal(3000))
    value[rng.random(3000) < missing] = np.nan
    at = seconds_of(every(3000, every_s), 3000)[rng.permutation(3000)]

    state, codes = advance(State(settings=Settings.of({"scale": scale})), at, value)

    assert (codes == 2).mean() < 0.02
    _, signal = step(state, int(at.max()) + every_s, 800.0)
    assert signal.condition in {Condition.LEARNING, Condition.STEADY}
    assert signal.reason


@pytest.mark.parametrize("scale", ["duration", "aggregate"])
@pytest.mark.parametrize("every_s", [300, 3600])
def test_zeros_and_equal_values_are_steady_on_every_scale(scale: str, every_s: int) -> None:
    """All zeros, all equal, and one value in a hundred present: steady, or learning that says what it waits for."""
    rare = np.where(np.arange(3000) % 100 == 0, 120.0, np.nan)
    for value in (np.zeros(3000), np.full(3000, 120.0), rare):
        state, codes = advance(
            State(settings=Settings.of({"scale": scale})), seconds_of(every(3000, every_s), 3000), value
        )

        assert not (codes == 2).any()
        assert state.condition in {Condition.LEARNING, Condition.STEADY}


def test_one_run_a_thousand_times_slower_is_no_alert(make_series: MakeSeries) -> None:
    """Neither while learning nor later (seed 8)."""
    at, value = make_series(8, 16)
    value[[35, 500, 4000]] *= 1000

    assert not replay(at, value).any()


@pytest.mark.slow
@settings(max_examples=10)
@given(
    scale=st.sampled_from(["duration", "aggregate", "count"]),
    every_s=st.sampled_from([60, 300, 3600]),
    place=st.integers(0, 2999),
    level=st.sampled_from([0.0, 1.0, 80.0, 3000.0]),
    seed=st.integers(0, 2**32 - 1),
)
@example(scale="duration", every_s=3600, place=2010, level=80.0, seed=74547276)
def test_one_run_a_thousand_times_larger_weighs_no_more_than_a_slow_one(
    scale: str, every_s: int, place: int, level: float, seed: int
) -> None:
    """At any run, on any scale, of any level: for a day nothing alerts that a run of 1.6 times the level would not.

    That one may raise an alert that was near without it, as any slow run may; how far off it is must not count.
    """
    value = level * np.exp(0.1 * np.random.default_rng(seed).standard_normal(3000))
    slow, spiked = value.copy(), value.copy()
    slow[place], spiked[place] = 1.6 * level, 1000 * max(value[place], 1.0)
    at = seconds_of(every(3000, every_s), 3000)

    (_, usual), (_, codes) = (advance(State(settings=Settings.of({"scale": scale})), at, run) for run in (slow, spiked))

    soon = (at >= at[place]) & (at <= at[place] + 86_400)
    assert not ((codes == 2) & (usual != 2) & soon).any()


@pytest.mark.slow
def test_a_cadence_that_changes_every_day_raises_hardly_an_alert() -> None:
    """Minutes to an hour: at most three alerts in six series of four weeks (seeds 0 to 5)."""
    alerts = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        cadences = rng.choice([60, 300, 900, 1800, 3600], 28)
        days = [np.arange(0, 86_400, every_s) + 86_400 * day for day, every_s in enumerate(cadences)]
        at = np.concatenate(days) + 1_760_000_000
        _, codes = advance(State(), at, 800 * np.exp(0.1 * rng.standard_normal(len(at))))
        alerts += int((np.diff((codes == 2).astype(int)) == 1).sum())

    assert alerts <= 3


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["duration", "aggregate"])
@pytest.mark.parametrize(("every_s", "years"), [(3600, 2), (86_400, 20)])
def test_levels_and_habits_of_years_keep_a_bounded_state(scale: str, every_s: int, years: int) -> None:
    """Two years of hourly and twenty of daily runs that go up and down every week keep a few levels and deviations."""
    rng = np.random.default_rng(9)
    runs = years * 365 * 86_400 // every_s
    at = 1_700_000_000 + every_s * np.arange(runs)
    value = 800 * np.where(at // 604_800 % 2, 0.6, 1.0) * np.exp(0.05 * rng.standard_normal(runs))
    value[np.arange(runs) % 100 < 3] *= 5

    state, _ = advance(State(settings=Settings.of({"scale": scale})), at, value)

    assert len(state.former) <= 4
    assert len(state.habits) <= 32
    assert len(dump(state)) < 100_000


def test_an_alert_open_or_not_is_carried_over_missing_runs(make_series: MakeSeries) -> None:
    """A missing run changes nothing."""
    at, value = make_series(1, 16)
    value[15 * 288 : 15 * 288 + 20] *= 2
    value[15 * 288 + 20 :] = np.nan

    assert replay(at, value)[15 * 288 + 20 :].all()


def test_duplicate_and_late_runs_are_ignored(make_series: MakeSeries) -> None:
    """Handing a run in again, or a few minutes late, gives the answers of the ordered series."""
    at, value = make_series(2, 16)
    value[15 * 288 :] *= 1.5
    doubled = np.repeat(at, 2), np.repeat(value, 2)
    late_at, late = np.insert(at, 2000, at[1995]), np.insert(value, 2000, 9e9)

    assert (replay(*doubled)[1::2] == replay(at, value)).all()
    assert (np.delete(replay(late_at, late), 2000) == replay(at, value)).all()


def test_a_late_run_says_that_it_was_ignored() -> None:
    """The signal of a run out of order says so."""
    state, first = step(State(), T0, 800.0)
    _, late = step(state, T0 - np.timedelta64(60, "s"), 800.0)

    assert not first.ignored
    assert late.ignored


def test_a_clock_set_back_restarts_learning(make_series: MakeSeries) -> None:
    """Three runs in a row from hours ago: the past is not the past any more."""
    at, value = make_series(3, 16)
    state, _ = advance(State(), seconds_of(at, len(at)), value)

    back = seconds_of(at[-200:-100], 100)
    after, codes = advance(state, back, value[-200:-100])

    assert state.condition is Condition.STEADY
    assert after.condition is Condition.LEARNING
    assert codes[1] != 0
    assert (codes[2:] == 0).all()


def test_a_single_run_from_the_far_future_ends_in_learning_not_in_silence(make_series: MakeSeries) -> None:
    """After a run dated 2090 the judge learns anew instead of ignoring decades."""
    at, value = make_series(4, 16)
    wild = at.copy()
    wild[3000] = np.datetime64("2090-01-01", "s")

    state, _ = advance(State(), seconds_of(wild, len(wild)), value)

    assert state.last_at == int(at[-1].astype(np.int64))
    assert state.started is not None


@pytest.mark.slow
@pytest.mark.parametrize("every_s", [60, 1800])
def test_a_cadence_that_changes_half_way_raises_hardly_an_alert(make_series: MakeSeries, every_s: int) -> None:
    """From five minutes to one and to thirty: one alert in six fortnights at most (seeds 0 to 5)."""
    alerts = 0
    for seed in range(6):
        first, second = make_series(seed, 15), make_series(seed + 100, 12, every_s=every_s)
        at = np.concatenate([first[0], second[0] + np.timedelta64(15, "D")])
        codes = replay(at, np.concatenate([first[1], second[1]]))
        alerts += int((np.diff(codes.astype(int)) == 1).sum())

    assert alerts <= 1


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (every(3), [1.0, 2.0]),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        (every(3), ["a", "b", "c"]),
        (every(2), [[1.0], [2.0]]),
        (np.array(["NaT", "NaT"], dtype="datetime64[s]"), [1.0, 2.0]),
    ],
)
def test_wrong_shapes_and_types_are_an_error(at: Any, value: Any) -> None:
    """The message says what to hand in."""
    with pytest.raises(BadSeries):
        replay(at, value)


@pytest.mark.parametrize(
    "chosen",
    [
        {"direction": "sideways"},
        {"tz": "Mars/Olympus"},
        {"months": 0},
        {"months": 0.001},
        {"months": 1e12},
        {"floor_ms": 1e9},
        {"adopt_after_days": 1e9},
        {"months": "five"},
        {"sensitivty": 1},
        {"floor_ms": -1},
        {"floor_ms": True},
    ],
)
def test_wrong_settings_are_an_error(chosen: dict[str, object]) -> None:
    """Unknown keys and values out of range are named."""
    with pytest.raises(BadSeries):
        replay(every(3), [1.0, 2.0, 3.0], settings=chosen)


def test_an_unknown_setting_names_the_nearest() -> None:
    """A slip of the pen is corrected."""
    with pytest.raises(BadSeries, match="did you mean direction"):
        replay(every(1), [1.0], settings={"directon": "up"})


def test_times_may_be_of_any_datetime_unit() -> None:
    """Nanoseconds, as pandas has them, count as seconds do."""
    at, value = every(2000), np.full(2000, 800.0)

    assert (replay(at.astype("datetime64[ns]"), value) == replay(at, value)).all()


@settings(max_examples=60)
@given(value=arrays(np.float64, st.integers(0, 400), elements=ANY_FLOAT), jumps=st.randoms(use_true_random=False))
def test_replay_lives_through_anything(value: FloatArray, jumps: Any) -> None:
    """Any numbers at any times give one answer each, and none of the first thirty is an alert."""
    at = T0 + np.cumsum([jumps.choice([-90_000, -600, 0, 10, 300, 3600]) for _ in value]).astype("timedelta64[s]")

    codes = replay(at, value)

    assert codes.shape == value.shape
    assert not codes[:30].any()


@settings(max_examples=60)
@given(value=arrays(np.float64, st.integers(0, 120), elements=ANY_FLOAT))
def test_change_points_live_through_anything(value: FloatArray) -> None:
    """Indices ascend, lie inside and keep their distance."""
    with np.errstate(all="ignore"):
        points = [int(point) for point in change_points(value)]

    assert points == sorted(set(points))
    assert all(0 < index < len(value) for index in points)


@settings(max_examples=60)
@given(
    base=st.lists(arrays(np.float64, st.integers(0, 6), elements=ANY_FLOAT), max_size=8),
    other=st.lists(arrays(np.float64, st.integers(0, 6), elements=ANY_FLOAT), max_size=8),
)
def test_compare_lives_through_anything(base: list[FloatArray], other: list[FloatArray]) -> None:
    """A verdict or a clear error; fewer than four sessions never decide."""
    try:
        comparison = compare(base, other, margin=0.02)
    except BadSeries:
        return
    assert comparison.verdict is Verdict.INCONCLUSIVE or comparison.sessions >= 4


@settings(max_examples=30)
@given(at=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=40), value=st.lists(ANY_FLOAT, min_size=40))
def test_step_lives_through_anything_and_equals_the_replay(at: list[int], value: list[float]) -> None:
    """Any times and numbers, one by one or all at once, end in the same state."""
    seconds: IntArray = np.array(at)
    state = State()
    for second, item in zip(at, value, strict=False):
        state, _ = step(state, second, item)

    whole, _ = advance(State(), seconds, np.array(value[: len(at)]))

    assert (whole.at == state.at).all()
    assert (whole.last_at, whole.backwards) == (state.last_at, state.backwards)


def test_importing_the_room_imports_nothing_heavy() -> None:
    """Neither pandas nor matplotlib, and SciPy's statistics only where used."""
    code = (
        "import sys, outrider.baselines;"
        "print([m for m in ('pandas', 'matplotlib', 'scipy.stats', 'ruptures') if m in sys.modules])"
    )

    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "[]"
