"""The judging of subjects that no run measures, such as services and pages, while a service runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import structlog

from outrider.baselines import Condition
from outrider.model import SubjectKind
from outrider.runs import METRIC, is_kept_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import AggregateLog, Run, Subject, UnjudgedSeries
    from outrider.runs import Judgement, SubjectJudgement

_AT_ONCE = 100
_log = structlog.get_logger("outrider.runs")


class SubjectJudge(Protocol):
    """What judges the stored aggregates of a subject in one place."""

    def judge_subject(
        self, subject: Subject, *, environment: str, location: str = "", metric: str = METRIC
    ) -> SubjectJudgement | None:
        """Judge all of them that were not judged yet; None if there are none."""
        ...


class SubjectWatch:
    """A listener of the service that judges aggregates, whoever stored them, and hands on what the judge says.

    Which series wait to be judged stands in the store: they leave it after what follows from the judgement is written,
    so that a crash at any point judges them again, which changes nothing. At each tick it works for a part of a second;
    what is left then waits for the next one.

    Args:
        aggregates: Where they are stored.
        on_judged: Takes each judgement and the time now.
        on_rule: Takes the subject of a rule over a query that has new values, its environment, and the time now.
        judge_s: For how long of each second it judges: the other listeners go on in the rest of it.

    Attributes:
        judge: None if judging is off; it may be replaced by any thread.
    """

    def __init__(
        self,
        aggregates: AggregateLog,
        on_judged: Callable[[SubjectJudgement, int], None],
        *,
        on_rule: Callable[[Subject, str, int], None] = lambda *_: None,
        judge_s: float = 0.3,
    ) -> None:
        self.judge: SubjectJudge | None = None
        self._aggregates = aggregates
        self._on_judged = on_judged
        self._on_rule = on_rule
        self._judge_s = judge_s

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs: their check is judged with them."""

    def ticked(self, now_us: int) -> None:
        """Judge what waits."""
        judge = self.judge
        until_s = time.monotonic() + self._judge_s
        while judge is not None and (unjudged := self._aggregates.unjudged(_AT_ONCE)):
            for place, series in _by_place(unjudged).items():
                self._judge(judge, place, now_us)
                self._aggregates.mark_judged(series)
                if time.monotonic() >= until_s:
                    return

    def _judge(self, judge: SubjectJudge, place: _Place, now_us: int) -> None:
        subject, environment, location, metric = place
        if is_kept_apart(environment):
            return
        if subject.kind is SubjectKind.RULE:
            self._on_rule(subject, environment, now_us)
            return
        judged = judge.judge_subject(subject, environment=environment, location=location, metric=metric)
        if judged is None:
            return
        for judgement in judged.judgements:
            if judgement.signal.condition is Condition.DEGRADED:
                reason = judgement.signal.reason
                _log.warning("subject.degraded", subject=subject, step=judgement.step, reason=reason)
        self._on_judged(judged, now_us)


_Place = tuple["Subject", str, str, str]


def _by_place(unjudged: Sequence[UnjudgedSeries]) -> dict[_Place, list[UnjudgedSeries]]:
    """Return unjudged series by subject, environment, location and metric: those are judged together."""
    places: dict[_Place, list[UnjudgedSeries]] = {}
    for waiting in unjudged:
        series = waiting.series
        places.setdefault((series.subject, series.environment, series.location, series.metric), []).append(waiting)
    return places
