"""The values of the primary steps of every check, read for many checks at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.runs import METRIC, preferred_steps, primary_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Points, RunHistory, Series, SeriesReader, Step
    from outrider.reports.facts import Health
    from outrider.reports.period import Period

_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check measured in one place: its primary steps, and the points of each one's series."""

    steps: tuple[Step, ...]
    read: tuple[tuple[Series, Points], ...]


def measured_of(store: RunHistory, health: Sequence[Health], period: Period) -> Iterator[Measured]:
    """Yield what each check measured, in their order.

    Steps are those of the last run that passed before the period ended. Where these are deleted, every step that the
    check is known by and has values of may be primary, and has no times.
    """
    known = store.runs.known_steps(period.until_us)
    series = defaultdict(list)
    for one_series in store.series.of():
        if one_series.metric == METRIC:
            series[one_series.subject, one_series.environment, one_series.location].append(one_series)
    for start in range(0, len(health), _READ_AT_ONCE):
        places = [
            (check_health.check, check_health.environment, check_health.location)
            for check_health in health[start : start + _READ_AT_ONCE]
        ]
        steps = [known.get(place, ()) for place in places]
        wanted = [_wanted(series[place], check_series) for place, check_series in zip(places, steps, strict=True)]
        points = iter(
            past_of(store.series, [one_series for check_series in wanted for one_series in check_series], period)
        )
        for of_check, check_series in zip(steps, wanted, strict=True):
            yield _measured(of_check, [(one_series, next(points)) for one_series in check_series])


def past_of(reader: SeriesReader, series: Sequence[Series], period: Period) -> tuple[Points, ...]:
    """Return the values that a report looks at: those of the period and the one before it exactly, if they are kept."""
    return reader.past(series, period.history_us, period.until_us, exact_from_us=period.before_us)


def _wanted(series: Sequence[Series], steps: Sequence[Step]) -> list[Series]:
    keys = {step.key for step in primary_steps(steps) or steps}
    return [one_series for one_series in series if one_series.step in keys]


def _measured(steps: Sequence[Step], read: Sequence[tuple[Series, Points]]) -> Measured:
    primary = primary_steps(steps)
    if primary:
        return Measured(tuple(primary), tuple(read))
    filled = [(one_series, points) for one_series, points in read if len(points.value)]
    keys = {
        step.key
        for step in preferred_steps(
            [step for step in steps if step.key in {one_series.step for one_series, _ in filled}]
        )
    }
    return Measured((), tuple((one_series, points) for one_series, points in filled if one_series.step in keys))
