"""A load on its run's page: its report, the journey beside it, and the loads of the same profile before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.load_points import LoadPoint, point_of
from outrider.model import Outcome, RunPosition
from outrider.reports import last_good_run, load_report

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import ForegroundRun, Run, RunId, StoredRun
    from outrider.reports import LoadReport

_MOST_BEFORE = 9
_MOST_JOURNEYS = 60
_MOST_STEPS = 6
_WITHOUT_LOAD = {Outcome.SKIPPED, Outcome.MISSED}


@dataclass(frozen=True, slots=True)
class LoadView:
    """A load with what explains it.

    Attributes:
        good: The last good load before it, which its findings compare it with.
        steps: Titles of the journey's steps, as far as they are shown; `more_steps` are left out.
        journeys: Runs of the journey beside it, in time; `more_journeys` are left out.
        points: The loads of the profile in the same place up to this one, the oldest first.
        has_older: Whether there are more before them.
    """

    report: LoadReport
    good: RunId | None
    steps: tuple[str, ...]
    more_steps: int
    journeys: tuple[ForegroundRun, ...]
    more_journeys: int
    points: tuple[LoadPoint, ...]
    has_older: bool

    @property
    def knees(self) -> tuple[float | None, ...]:
        """The rate at the knee of each load."""
        return tuple(point.knee[0] if point.knee else None for point in self.points)


def load_view(sources: Sources, stored: StoredRun) -> LoadView | None:
    """Return the view of a load; None of a run that made none."""
    run = stored.run
    result = next((load for attempt in run.attempts if (load := attempt.measurement.load) is not None), None)
    if result is None:
        return None
    titles = list(dict.fromkeys(title for journey in result.foreground for title in journey.steps))
    points, has_older = _points(sources, run)
    good = last_good_run(sources.store, run)
    report = load_report(run, workspace=sources.title, timezone=sources.service().timezone, good=good)
    return LoadView(
        report, good.id if good else None, tuple(titles[:_MOST_STEPS]), max(0, len(titles) - _MOST_STEPS),
        result.foreground[:_MOST_JOURNEYS],
        max(0, len(result.foreground) - _MOST_JOURNEYS), (*points, point_of(run, report)), has_older,
    )  # fmt: skip


def _points(sources: Sources, run: Run) -> tuple[list[LoadPoint], bool]:
    """Return the loads before a run in the same place, the oldest first, and whether there are more."""
    before = sources.store.history.runs_before(run.check, RunPosition(run.due_us, run.id), limit=_MOST_BEFORE * 3)
    place = (run.environment, run.location)
    alike = [
        other for other in before if (other.environment, other.location) == place and other.outcome not in _WITHOUT_LOAD
    ]
    shown = alike[:_MOST_BEFORE]
    points = [sources.load_points.read(sources.store.runs, other.id) for other in reversed(shown)]
    return points, len(alike) > len(shown) or not before.is_complete
