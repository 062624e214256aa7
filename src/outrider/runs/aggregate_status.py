"""What the judge said last of each series that no run measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.runs.step_status import judged_aggregates

if TYPE_CHECKING:
    from outrider.model import JudgeHistory, Series

_SERIES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class AggregateStatus:
    """What the judge said last of a series that no run measures.

    Attributes:
        at_us: What time the newest aggregate that is judged is about, microseconds UTC; None if none is judged yet.
        condition: Learning, steady, degraded or improved; empty if none is judged yet.
    """

    subject: str
    step: str
    metric: str
    environment: str
    location: str
    at_us: int | None
    condition: str
    reason: str


def aggregate_statuses(store: JudgeHistory) -> tuple[AggregateStatus, ...]:
    """Return what was said of each series of aggregates."""
    series = judged_aggregates(store.series)
    pieces = (series[start : start + _SERIES_AT_ONCE] for start in range(0, len(series), _SERIES_AT_ONCE))
    return tuple(status for piece in pieces for status in _statuses(store, piece))


def _statuses(store: JudgeHistory, series: list[Series]) -> list[AggregateStatus]:
    known = {checkpoint.series: checkpoint for checkpoint in store.judgements.checkpoints(series)}
    statuses = []
    for own in series:
        judged = known.get(own)
        latest = (judged.at_us, judged.condition, judged.reason) if judged else (None, "", "not judged yet")
        statuses.append(AggregateStatus(own.subject, own.step, own.metric, own.environment, own.location, *latest))
    return statuses
