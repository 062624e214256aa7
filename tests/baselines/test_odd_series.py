"""Series that no service sends: whatever comes, a judgement is finite, true to itself and bounded, or learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines import Condition, Settings, Signal, State, dump, explain, judged_alerts, load, replay
from outrider.baselines.judge import advance
from outrider.baselines.judge_settings import Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.baselines.series import FloatArray, IntArray

RUNS = 3000
CHANGE = 2400
BEGIN_S = 1_767_571_200
YEAR_S = 31_556_952
MOST_BYTES = 600_000

Odd = tuple["IntArray", "FloatArray"]
CHOICES: tuple[dict[str, object], ...] = (
    {},
    {"scale": "count", "direction": "both"},
    {"scale": "aggregate", "direction": "both", "tz": "Europe/Berlin"},
    {"direction": "down", "months": 0.1, "floor_ms": 0},
    {"months": 1000, "adopt_after_days": 0.01},
)


def clock(every_s: int = 300, runs: int = RUNS) -> IntArray:
    return BEGIN_S + every_s * np.arange(runs)


def noise(rng: np.random.Generator, level: float = 800.0, sigma: float = 0.1, runs: int = RUNS) -> FloatArray:
    return np.asarray(level * np.exp(sigma * rng.standard_normal(runs)))


def after(value: FloatArray, factor: float | FloatArray, first: int = CHANGE) -> FloatArray:
    return np.where(np.arange(len(value)) >= first, value * factor, value)


def moved(first: int, by_s: int, last: int = RUNS) -> IntArray:
    at = clock()
    at[first:last] += by_s
    return at


def spiked(value: float, runs: int) -> FloatArray:
    spikes = np.zeros(RUNS)
    spikes[2000 : 2000 + runs] = value
    return spikes


def sprinkled(rng: np.random.Generator) -> FloatArray:
    value = noise(rng)
    value[::7], value[::11], value[::13], value[::17] = np.nan, np.inf, -np.inf, -5.0
    return value


def missing(rng: np.random.Generator, share: float) -> FloatArray:
    return np.where(rng.random(RUNS) < share, np.nan, noise(rng))


T = np.arange(RUNS)
KINDS: dict[str, Callable[[np.random.Generator], Odd]] = {
    "zeros and one spike": lambda _: (clock(), spiked(5000.0, 1)),
    "zeros and three spikes": lambda _: (clock(), spiked(5000.0, 3)),
    "two values by turns": lambda _: (clock(), np.where(T % 2, 100.0, 2000.0)),
    "two values by turns, larger": lambda _: (clock(), after(np.where(T % 2, 100.0, 2000.0), 1.5)),
    "not numbers, infinite, negative": lambda rng: (clock(), sprinkled(rng)),
    "all negative": lambda rng: (clock(), -noise(rng)),
    "a billion, doubled": lambda rng: (clock(), after(noise(rng, 1e9), 2.0)),
    "as large as numbers are": lambda _: (clock(), np.where(T < CHANGE, 1.0, 1.7e308)),
    "down from there": lambda _: (clock(), np.where(T < CHANGE, 1.7e308, 1.0)),
    "subnormal": lambda _: (clock(), np.where(T < CHANGE, 5e-324, 1e-300)),
    "up from subnormal": lambda _: (clock(), np.where(T < CHANGE, 5e-324, 1000.0)),
    "every time twice": lambda rng: (np.repeat(clock(runs=RUNS // 2), 2), noise(rng)),
    "a clock that stands": lambda rng: (np.minimum(clock(), clock()[CHANGE]), noise(rng)),
    "one run of the far future": lambda rng: (moved(2000, 60 * YEAR_S, 2001), noise(rng)),
    "three runs of the far future": lambda rng: (moved(2000, 60 * YEAR_S, 2003), noise(rng)),
    "a pause of sixty years": lambda rng: (moved(2000, 60 * YEAR_S), noise(rng)),
    "a pause of a year, then double": lambda rng: (moved(CHANGE, YEAR_S), after(noise(rng), 2.0)),
    "a pause within a deviation": lambda rng: (moved(CHANGE + 100, YEAR_S), after(noise(rng), 2.0)),
    "a second apart": lambda rng: (clock(1), after(noise(rng), 3.0)),
    "a second apart, thousands": lambda rng: (clock(1, 30_000), after(noise(rng, runs=30_000), 3.0, 29_000)),
    "a month apart": lambda rng: (clock(YEAR_S // 12, 500), after(noise(rng, runs=500), 3.0, 400)),
    "a year apart": lambda rng: (clock(YEAR_S, 400), after(noise(rng, runs=400), 3.0, 350)),
    "99 of 100 missing": lambda rng: (clock(), missing(rng, 0.99)),
    "999 of 1000 missing": lambda rng: (clock(), missing(rng, 0.999)),
    "growing without end": lambda _: (clock(), np.exp(T / 200)),
    "falling without end": lambda _: (clock(), 1e9 * np.exp(-T / 200)),
    "a random walk": lambda rng: (clock(), 800 * np.exp(np.cumsum(0.05 * rng.standard_normal(RUNS)))),
    "without a mean": lambda rng: (clock(), np.abs(800 * rng.standard_cauchy(RUNS))),
    "a tail of shape two": lambda rng: (clock(), 1 + rng.pareto(0.5, RUNS)),
    "powers of ten": lambda rng: (clock(), np.power(10.0, rng.integers(-5, 12, RUNS), dtype=np.float64)),
    "zero or one": lambda rng: (clock(), rng.integers(0, 2, RUNS).astype(float)),
    "up and down by hours": lambda _: (clock(), np.where(T // 12 % 2, 200.0, 2000.0)),
    "up and down by half days": lambda _: (clock(), np.where(T // 144 % 2, 200.0, 2000.0)),
    "up and down by three days": lambda _: (clock(), np.where(T // 864 % 2, 200.0, 2000.0)),
    "a saw": lambda _: (clock(), np.asarray(100 + T % 500, dtype=np.float64)),
    "a ramp": lambda rng: (clock(), after(noise(rng), np.linspace(0, 20, RUNS) + 1, 1200)),
    "to zero": lambda rng: (clock(), after(noise(rng), 0.0)),
    "from zero": lambda rng: (clock(), np.where(T < CHANGE, 0.0, noise(rng))),
    "begins to stand": lambda rng: (clock(), np.where(T < CHANGE, noise(rng), 860.0)),
    "begins to vary": lambda rng: (clock(), np.where(T < CHANGE, 800.0, noise(rng))),
    "every second a million": lambda rng: (clock(), np.where((T >= CHANGE) & (T % 2 == 0), 1e9, noise(rng))),
    "steps early": lambda rng: (clock(runs=800), after(noise(rng, runs=800), 2.5, 100)),
    "falls early": lambda rng: (clock(runs=800), after(noise(rng, runs=800), 0.1, 100)),
    "drifts early": lambda _: (clock(runs=800), np.exp(np.arange(800) / 200)),
    "before 1970": lambda rng: (clock() - 100 * YEAR_S, after(noise(rng), 2.0)),
    "before the calendar": lambda rng: (clock() - 2000 * YEAR_S, after(noise(rng), 2.0)),
    "beyond the calendar": lambda rng: (clock() + 20_000 * YEAR_S, after(noise(rng), 2.0)),
    "backwards": lambda rng: (clock()[::-1], noise(rng)),
    "in any order": lambda rng: (rng.permutation(clock()), noise(rng)),
    "seconds to days apart": lambda rng: (BEGIN_S + np.cumsum(rng.integers(1, 100_000, RUNS)), noise(rng)),
    "counts, tenfold": lambda rng: (clock(), np.where(T < CHANGE, rng.poisson(3, RUNS), rng.poisson(30, RUNS))),
    "rare counts, more": lambda rng: (clock(), np.where(T < CHANGE, rng.poisson(0.1, RUNS), rng.poisson(3, RUNS))),
    "one value": lambda _: (clock(runs=1), np.array([5.0])),
    "nothing": lambda _: (clock(runs=0), np.zeros(0)),
}  # fmt: skip


def is_true_to_itself(signal: Signal, chosen: Settings) -> bool:
    """Whether a signal is finite, and names a value outside its band where something deviates."""
    if signal.condition is Condition.LEARNING and not signal.provisional:
        return signal.reason.startswith("waits for")
    is_readable = not any(word in signal.reason for word in ("nan", "inf", "e-1"))
    has_unit = chosen.scale != "count" or " ms" not in signal.reason
    outside = not signal.expected_low <= signal.observed <= signal.expected_high
    tells_apart = signal.part is None or (outside and signal.observed_text not in signal.expected_text)
    return is_readable and has_unit and tells_apart and bool(np.isfinite([signal.observed, signal.strength]).all())


def judged(kind: str, chosen: dict[str, object]) -> None:
    """Fold a series in pieces, and compare what is said of each with what must hold of any."""
    at, value = KINDS[kind](np.random.default_rng(list(KINDS).index(kind)))
    settings, codes = Settings.of(chosen), []
    state = State(settings=settings)
    for start in range(0, len(at), 97):
        state, piece = advance(state, at[start : start + 97], value[start : start + 97].astype(float))
        codes.append(piece)
        signal = explain(state)
        assert is_true_to_itself(signal, settings), signal

    alerting = np.concatenate([*codes, np.zeros(0)]) == 2
    assert (replay(at.astype("datetime64[s]"), value, settings=chosen) == alerting).all()
    assert len(dump(state)) < MOST_BYTES
    assert dump(load(dump(state))) == dump(state)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_series_are_judged_truly_or_not_at_all(kind: str) -> None:
    """No exception, no value within the band that it is said to have left; each kind by one of the settings."""
    judged(kind, CHOICES[list(KINDS).index(kind) % len(CHOICES)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_odd_series_are_judged_truly_by_any_settings(kind: str) -> None:
    """Durations, averages and counts, both directions, hardly and very sensitive."""
    for chosen in CHOICES:
        judged(kind, chosen)


def test_one_run_of_a_bad_level_is_no_new_normal() -> None:
    """Where runs are a month apart a deviation stands for a year, not for the fourteen days of one run (seed 3)."""
    at, value = clock(YEAR_S // 12, 500), after(noise(np.random.default_rng(3), runs=500), 3.0, 400)

    alerting = replay(at.astype("datetime64[s]"), value)

    assert 12 <= alerting.sum() <= 14


def test_runs_that_differ_more_are_no_improvement() -> None:
    """Where only a fall is bad, a wider spread is no news at all (seed 4)."""
    rng = np.random.default_rng(4)
    value = np.where(T < CHANGE, noise(rng, sigma=0.02), noise(rng, sigma=0.08))

    state, codes = advance(State(settings=Settings.of({"direction": "down", "months": 1000})), clock(), value)

    assert state.episode is None or state.episode.part != "spread"
    assert not (codes == 2).any()


@pytest.mark.parametrize("seed", [6, 15, 22, 28, 34])
def test_two_slow_runs_on_the_way_back_from_a_better_day_are_no_alert(seed: int) -> None:
    """Two levels in a block are a wide spread, which is no news while one of them is a better one."""
    rng = np.random.default_rng(seed)
    value = noise(rng, sigma=0.06, runs=18 * 288) * np.where(rng.random(18 * 288) < 0.01, 1.5, 1.0)
    begin = 15 * 288 + int(rng.integers(0, 288))
    end = begin + 288
    value[begin:end] *= 0.7
    value[end + 1 : end + 3] *= 2

    alerting = replay(clock(runs=len(value)).astype("datetime64[s]"), value)

    assert not alerting[begin : end + 60].any()


@pytest.mark.parametrize("seed", [2, 3, 8, 10])
def test_a_way_back_that_two_runs_show_is_no_alert(seed: int) -> None:
    """The last runs of three better days were a little slower, so that the first two of the old level suffice."""
    rng = np.random.default_rng(seed)
    value = noise(rng, sigma=0.06, runs=20 * 288) * np.where(rng.random(20 * 288) < 0.01, 1.5, 1.0)
    begin, end = 15 * 288, 18 * 288
    value[begin:end] *= 0.7
    value[end - 6 : end] *= 1.08

    alerting = replay(clock(runs=len(value)).astype("datetime64[s]"), value)

    assert not alerting[end:].any()


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["duration", "aggregate"])
@pytest.mark.parametrize(("level", "noise_share"), [(80.0, 0.1), (800.0, 0.1), (80.0, 0.3)])
def test_a_constant_series_that_begins_to_vary_alerts_once_and_is_learned(
    scale: str, level: float, noise_share: float
) -> None:
    """After a day its runs tell how far they differ; what then is three times as slow is seen (seed 5)."""
    vary, slow = 16 * 288, 24 * 288
    value = np.full(26 * 288, level)
    value[vary:] *= np.exp(noise_share * np.random.default_rng(5).standard_normal(len(value) - vary))
    value[slow:] *= 3

    alerts = judged_alerts(clock(runs=len(value)).astype("datetime64[s]"), value, settings={"scale": scale})

    first, *others = alerts
    assert vary <= first.start < vary + 72
    assert first.end - first.start == pytest.approx(288, abs=24)
    assert 0 <= others[0].start - slow < 12


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["duration", "aggregate"])
def test_outages_of_a_constant_series_are_seen_each_time(scale: str) -> None:
    """Half an hour, twice within two days and once more a week later; a level that stays is told for a fortnight."""
    begins = [16 * 288, 18 * 288 + 40, 25 * 288 + 140, 30 * 288 + 90]
    value = np.full(48 * 288, 80.0)
    for begin in begins[:3]:
        value[begin : begin + 6] *= 1.5
    value[begins[3] :] *= 1.5

    alerts = judged_alerts(clock(runs=len(value)).astype("datetime64[s]"), value, settings={"scale": scale})

    assert [0 <= alert.start - begin <= 3 for alert, begin in zip(alerts, begins, strict=True)] == [True] * 4
    assert alerts[3].end - alerts[3].start == pytest.approx(14 * 288, abs=288)


@pytest.mark.parametrize(
    ("scale", "word"), [(Scale.DURATION, "run"), (Scale.AGGREGATE, "value"), (Scale.COUNT, "value")]
)
def test_learning_says_what_it_waits_for_in_the_words_of_the_series(scale: Scale, word: str) -> None:
    """A service has no runs."""
    state, _ = advance(State(settings=Settings(scale=scale)), np.array([0]), np.array([1.0]))

    assert explain(state).reason == f"waits for 300 {word}s in three days, or 30 in a week: 1 {word} and 0.0 days seen"
