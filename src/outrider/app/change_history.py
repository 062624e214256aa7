"""When steps took a new level, and the release that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.selection import stored_checks
from outrider.runs import primary_series

if TYPE_CHECKING:
    from outrider.model import ReportHistory, Series


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A new level of a series; times in microseconds UTC, levels in ms, the time's interval included."""

    check: str
    step: str
    at_us: int
    earliest_us: int
    latest_us: int
    before_ms: float
    after_ms: float
    p_value: float
    release: str

    @property
    def change(self) -> str:
        """How much slower or quicker it became, in words: there is no share of zero."""
        return f"{self.after_ms / self.before_ms - 1:+.1%}" if self.before_ms else "from zero"


def level_changes(store: ReportHistory, pattern: str = "*") -> list[LevelChange]:
    """Return the level changes of the primary series of checks, the latest first.

    Args:
        store: Where the runs are.
        pattern: A check's id, with * for any characters.
    """
    series = [series for check in stored_checks(store.checks, pattern) for series in primary_series(store, check)]
    changes = (change for candidate in series for change in _changes(store, candidate))
    return sorted(changes, key=lambda change: -change.at_us)


def _changes(store: ReportHistory, series: Series) -> list[LevelChange]:
    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import change_points, precede  # noqa: PLC0415 - SciPy is slow to import

    at_us, value = store.series.samples(series)
    points = change_points(value)
    releases = store.judgements.releases(series.environment)
    first_runs = [int(index) for index in np.searchsorted(at_us, [release.at_us for release in releases])]
    causes = precede(points, first_runs)
    changes = []
    for point, cause in zip(points, causes, strict=True):
        begun, earliest, latest = (int(at_us[index]) for index in (point.index, point.earliest, point.latest))
        release = releases[cause].name if cause is not None else ""
        levels = (point.before, point.after, point.p_value)
        changes.append(LevelChange(series.subject, series.step, begun, earliest, latest, *levels, release))
    return changes
