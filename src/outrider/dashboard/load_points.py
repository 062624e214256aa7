"""What loads came to, in a line each, computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import LoadResult, altogether
from outrider.reports import load_report

if TYPE_CHECKING:
    from outrider.model import Run, RunId, RunLog
    from outrider.reports import LoadReport

_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A load among others of its profile; times in ms.

    Attributes:
        knee: Rate that the target sustains, with its 80 % interval; None where too few levels answered.
        is_reached: Whether the load went far enough to see the knee; otherwise `knee` is the least that it sustains.
    """

    id: RunId
    due_us: int
    outcome: str
    release: str
    users: int
    requests_per_s: float
    failed_share: float
    p95_ms: float | None
    knee: tuple[float, float, float] | None
    is_reached: bool


class LoadPoints:
    """What loads came to, computed once: a stored run does not change. May be asked by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: OrderedDict[RunId, LoadPoint] = OrderedDict()

    def read(self, log: RunLog, run: RunId) -> LoadPoint:
        """Return what a load came to."""
        with self._lock:
            if run in self._points:
                self._points.move_to_end(run)
                return self._points[run]
        stored = log.get(run).run
        point = point_of(stored, load_report(stored, workspace="", timezone="UTC"))
        with self._lock:
            self._points[run] = point
            while len(self._points) > _REMEMBERED:
                self._points.popitem(last=False)
        return point


def point_of(run: Run, report: LoadReport) -> LoadPoint:
    """Return a load as one among others."""
    result = next((load for attempt in run.attempts if (load := attempt.measurement.load) is not None), LoadResult())
    whole, knee = altogether(result.endpoints), report.knee
    return LoadPoint(
        run.id, run.due_us, run.outcome.value, run.circumstances.release, report.most_users,
        sum(result.rates.values()), whole.failure_share, whole.times.quantile(0.95),
        (knee.rate, knee.low, knee.high) if knee else None, knee.reached if knee else False,
    )  # fmt: skip
