"""The values of the primary steps of every check, read for many checks at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.runs import METRIC, preferred_steps, primary_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import Step
    from outrider.reports.facts import Health
    from outrider.reports.period import Period
    from outrider.store import Points, Series, Store

_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check measured in one place: its primary steps, and the points of each one's series."""

    steps: tuple[Step, ...]
    read: tuple[tuple[Series, Points], ...]


def measured_of(store: Store, health: Sequence[Health], period: Period) -> Iterator[Measured]:
    """Yield what each check measured, in their order.

    Steps are those of the last run that passed before the period ended. Where these are deleted, every step that the
    check is known by and has values of may be primary, and has no times.
    """
    known = store.known_steps(period.until_us)
    series = defaultdict(list)
    for each in store.series():
        if each.metric == METRIC:
            series[each.check, each.environment, each.location].append(each)
    for start in range(0, len(health), _READ_AT_ONCE):
        places = [(one.check, one.environment, one.location) for one in health[start : start + _READ_AT_ONCE]]
        steps = [known.get(place, ()) for place in places]
        wanted = [_wanted(series[place], mine) for place, mine in zip(places, steps, strict=True)]
        points = iter(past_of(store, [each for mine in wanted for each in mine], period))
        for of_check, mine in zip(steps, wanted, strict=True):
            yield _measured(of_check, [(each, next(points)) for each in mine])


def past_of(store: Store, series: Sequence[Series], period: Period) -> tuple[Points, ...]:
    """Return the values that a report looks at: those of the period and the one before it exactly, if they are kept."""
    return store.past(series, period.history_us, period.until_us, exact_from_us=period.before_us)


def _wanted(series: Sequence[Series], steps: Sequence[Step]) -> list[Series]:
    keys = {step.key for step in primary_steps(steps) or steps}
    return [each for each in series if each.step in keys]


def _measured(steps: Sequence[Step], read: Sequence[tuple[Series, Points]]) -> Measured:
    primary = primary_steps(steps)
    if primary:
        return Measured(tuple(primary), tuple(read))
    filled = [(each, points) for each, points in read if len(points.value)]
    keys = {
        step.key for step in preferred_steps([one for one in steps if one.key in {each.step for each, _ in filled}])
    }
    return Measured((), tuple((each, points) for each, points in filled if each.step in keys))
