"""What a sensitivity would mean for one series: replayed on its own past, resampled by days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.alert_log import JudgedAlert, judged_alerts
from outrider.baselines.judge import replay
from outrider.baselines.judge_settings import MONTH_S, Settings
from outrider.baselines.series import DAY_S, BoolArray, FloatArray, IntArray, seconds_of, values_of
from outrider.baselines.value_scale import is_value
from outrider.model import TooFewSamples, per_cent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import ArrayLike

MIN_DAYS = 14
STEPS = (0.05, 0.10, 0.15, 0.20, 0.30, 0.50, 1.00, 2.00)
_LEARN_DAYS = 21
_JUDGED_DAYS = 28
_MONDAY = 4  # the first one, in days since 1970
_QUIET_S = 6 * 3600  # after which an alert is another one
_SEEN_SHARE = 0.8
_LEAST_NEIGHBOURS = 0.25  # share of days that follow another; of a check of weekends it is half


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a sensitivity means on a series' own past.

    Attributes:
        months: The sensitivity asked for: one false alert in so many months.
        false_per_month: False alerts per month that the resampled past gave.
        false_upper: Upper 95 % bound of it: so much cannot be ruled out by so short a simulation.
        smallest_step: Smallest rise seen within a day in four of five tries; None where none of STEPS was.
        simulated_months: How much was replayed.
        by_part: Of the false alerts per month, how many each part of the judge gave, the most first.
        by_day: How many false alerts began on the runs of each stored day, the most first; days since 1970 UTC.
    """

    months: float
    false_per_month: float
    false_upper: float
    smallest_step: float | None
    simulated_months: float
    by_part: Mapping[str, float] = field(default_factory=dict)
    by_day: Mapping[int, int] = field(default_factory=dict)

    @property
    def false_alerts(self) -> int:
        """How many false alerts the resampled past gave."""
        return sum(self.by_day.values())

    @property
    def in_words(self) -> str:
        """The calibration as a sentence for people."""
        step = f"a rise of {per_cent(self.smallest_step, '.0f')}" if self.smallest_step else "no rise up to 200 %"
        often = (
            f"one false alert in {1 / self.false_per_month:.1f} months"
            if self.false_per_month
            else (f"no false alert in {self.simulated_months:.0f} simulated months")
        )
        return f"set to one false alert in {self.months:g} months: {often}; {step} is seen within a day"


def _ignore() -> None:
    """Follow nothing."""


def calibrate(
    at: ArrayLike,
    value: ArrayLike,
    rng: np.random.Generator,
    *,
    settings: Mapping[str, object] | None = None,
    series: int = 20,
    on_replay: Callable[[], None] = _ignore,
) -> Calibration:
    """Return what a sensitivity means, from a block bootstrap of a stored history.

    Whole days are drawn with replacement, weekdays for weekdays and weekends for weekends, in pairs of neighbours where
    the calendar allows: that keeps the season and the dependence within a day, and loses drift over weeks.

    Args:
        at: datetime64[s] UTC, shape (n,), two weeks or more without a known incident.
        value: Durations [ms], shape (n,); a negative number, NaN or infinity stands for a missing run.
        rng: Source of randomness.
        settings: Overrides of `Settings`, among them `months`.
        series: How many histories of seven weeks to draw; four weeks of each are judged.
        on_replay: Called before each replay of a history, of which there are hundreds.

    Raises:
        TooFewSamples: If fewer than two weeks of days have values, or they lie apart.
    """
    wanted = Settings.of(settings)
    numbers = values_of(value)
    days = _days(seconds_of(at, len(numbers)), numbers)
    draws = [_draw(days, rng) for _ in range(series)]
    parts, by_day = Counter[str](), Counter[int]()
    for draw in draws:
        on_replay()
        for alert, source in _false_alerts(draw, settings):
            parts[alert.rule] += 1
            by_day[source] += 1
    alerts = parts.total()
    months = series * _JUDGED_DAYS * DAY_S / MONTH_S
    return Calibration(
        months=wanted.months,
        false_per_month=alerts / months,
        false_upper=_poisson_upper(alerts) / months,
        smallest_step=_smallest_step([(draw.at, draw.value) for draw in draws], rng, settings, on_replay),
        simulated_months=months,
        by_part={part: count / months for part, count in parts.most_common()},
        by_day=dict(by_day.most_common()),
    )


def sensitivities(
    at: ArrayLike,
    value: ArrayLike,
    rng: np.random.Generator,
    *,
    settings: Mapping[str, object] | None = None,
    series: int = 20,
    on_replay: Callable[[], None] = _ignore,
) -> tuple[Calibration, Calibration, Calibration]:
    """Return what a lower, the present and a higher sensitivity would mean, on the same resampled histories."""
    months, seed = Settings.of(settings).months, int(rng.integers(2**63))
    options = (months * 3, months, months / 3)
    low, now, high = (
        calibrate(
            at, value, np.random.default_rng(seed), settings={**(settings or {}), "months": choice}, series=series,
            on_replay=on_replay,
        )
        for choice in options
    )  # fmt: skip
    return low, now, high


def chance_of_as_many(by_day: Collection[int], expected: float) -> float:
    """Return the probability that chance alone gives as many false alerts as were seen, or more.

    A day on which something was wrong is drawn again and again, so that alerts come in clusters of one day: the count
    is quasi-Poisson (McCullagh and Nelder, Generalized Linear Models, 1989, section 6.2.3), with a dispersion of the
    mean square of the clusters over their mean.

    Args:
        by_day: How many of the alerts began on the runs of each stored day, of all series together.
        expected: How many there should be.
    """
    from scipy.special import gammainc  # noqa: PLC0415 - only where used

    alerts = sum(by_day)
    if not alerts:
        return 1.0
    dispersion = sum(count**2 for count in by_day) / alerts
    return float(gammainc(alerts / dispersion, expected / dispersion))


@dataclass(frozen=True, slots=True)
class _Day:
    number: int
    second: IntArray
    value: FloatArray


def _days(at: IntArray, value: FloatArray) -> list[_Day]:
    """Return the whole days on which there are values, in the order of time."""
    real = np.flatnonzero(is_value(value))
    order = real[np.argsort(at[real], kind="stable")]
    at, value = at[order], value[order]
    number = at // DAY_S
    days = [_Day(int(d), at[number == d] % DAY_S, value[number == d]) for d in np.unique(number)[1:-1]]
    if len(days) < MIN_DAYS:
        raise _too_few(f"{len(days)} whole days with values, {MIN_DAYS} are needed", "two weeks of runs are stored")
    if np.mean(np.diff([day.number for day in days]) == 1) < _LEAST_NEIGHBOURS:
        raise _too_few("runs lie days apart, so that whole days cannot be resampled", "the check runs every day")
    return days


def _too_few(what: str, when: str) -> TooFewSamples:
    return TooFewSamples(what, slug="too-few-days", fix=f"calibrate once {when}")


@dataclass(frozen=True, slots=True)
class _Draw:
    """A resampled history, and of which stored day each of its days is a copy."""

    at: IntArray
    value: FloatArray
    sources: tuple[int, ...]

    def source(self, second: int) -> int:
        """Return the stored day whose runs stand at a time; the first or last for times outside."""
        place = second // DAY_S - _MONDAY
        return self.sources[min(max(place, 0), len(self.sources) - 1)]


def _is_weekend(day: int) -> bool:
    return (day + 3) % 7 >= 5


def _draw(days: list[_Day], rng: np.random.Generator) -> _Draw:
    """Return seven weeks of resampled days, beginning on a Monday."""
    kinds = {weekend: [k for k, day in enumerate(days) if _is_weekend(day.number) is weekend] for weekend in (0, 1)}
    drawn: list[int] = []
    for d in range(_LEARN_DAYS + _JUDGED_DAYS):
        pool = kinds[int(_is_weekend(d + _MONDAY))] or list(range(len(days)))
        follows = d % 2 == 1 and drawn[-1] + 1 in pool
        drawn.append(drawn[-1] + 1 if follows else int(rng.choice(pool)))
    copies = [days[k] for k in drawn]
    second = np.concatenate([day.second + (d + _MONDAY) * DAY_S for d, day in enumerate(copies)])
    return _Draw(second, np.concatenate([day.value for day in copies]), tuple(day.number for day in copies))


def _alerting(at: IntArray, value: FloatArray, settings: Mapping[str, object] | None) -> BoolArray:
    return replay(at.astype("datetime64[s]"), value, settings=settings)


def _false_alerts(draw: _Draw, settings: Mapping[str, object] | None) -> Iterator[tuple[JudgedAlert, int]]:
    """Yield each alert after learning, and on which stored day's runs it began; soon after another it is the same."""
    at = draw.at
    learned, before = int(at[0]) + _LEARN_DAYS * DAY_S, -1
    for alert in judged_alerts(at.astype("datetime64[s]"), draw.value, settings=settings):
        last = int(at[alert.end - 1])
        if last < learned:
            continue
        if before < 0 or int(at[alert.start]) - before > _QUIET_S:
            yield alert, draw.source(alert.since)
        before = last


def _smallest_step(
    draws: list[tuple[IntArray, FloatArray]],
    rng: np.random.Generator,
    settings: Mapping[str, object] | None,
    on_replay: Callable[[], None],
) -> float | None:
    late = rng.integers(_LEARN_DAYS * DAY_S, (_LEARN_DAYS + 7) * DAY_S, len(draws))
    onsets = [int(at[0] + shift) for (at, _), shift in zip(draws, late, strict=True)]
    for size in STEPS:
        seen = []
        for (at, value), onset in zip(draws, onsets, strict=True):
            on_replay()
            seen.append(_seen(at, value, onset, size, settings))
        if np.mean(seen) >= _SEEN_SHARE:
            return size
    return None


def _seen(at: IntArray, value: FloatArray, onset: int, size: float, settings: Mapping[str, object] | None) -> bool:
    kept = at < onset + DAY_S
    at, value = at[kept], value[kept]
    with np.errstate(over="ignore"):  # a value beyond what a number holds is none
        risen = np.where(at >= onset, value * (1 + size), value)
    alerting = _alerting(at, risen, settings)
    return bool(alerting[at >= onset].any())


def _poisson_upper(count: int) -> float:
    from scipy.special import gammaincinv  # noqa: PLC0415 - only where used

    return float(gammaincinv(count + 1, 0.95))
