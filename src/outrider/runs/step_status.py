"""How each subject does now: a check after its last run that passed, any other after its newest aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.baselines import RateSignal
from outrider.model import CHECK_KINDS
from outrider.runs.primary_steps import METRIC, is_kept_apart, last_passed, watched_places

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.model import CheckId, RunHistory, Series, SeriesReader, Subject
    from outrider.runs.run_judge import Judge, Judgement

FAILURE_METRIC = "failures"
"""What stands in place of a metric where failing runs are judged."""


@dataclass(frozen=True, slots=True)
class StepStatus:
    """What the judge says of a series of a subject in one place, or of the failures of a check.

    Attributes:
        at_us: When its run was due, or what time its newest aggregate is about, microseconds UTC.
    """

    subject: Subject
    environment: str
    location: str
    at_us: int
    judgement: Judgement

    @property
    def check(self) -> Subject:
        """The subject, which is a check unless aggregates are judged."""
        return self.subject

    @property
    def is_of_aggregates(self) -> bool:
        """Whether no run measured the numbers."""
        return _is_no_check(self.subject)

    @property
    def metric(self) -> str:
        """Which numbers are judged."""
        return FAILURE_METRIC if isinstance(self.judgement.signal, RateSignal) else METRIC


def step_statuses(store: RunHistory, judge: Judge, check: CheckId) -> list[StepStatus]:
    """Return how a check does in each place that is watched; runs that were not judged yet are judged now."""
    statuses = []
    for environment, location in watched_places(store.series.of(check)):
        if (run := last_passed(store.runs, check, environment, location)) is not None:
            judgements = judge.judge(run)
            statuses += [StepStatus(check, environment, location, run.due_us, judgement) for judgement in judgements]
    return statuses


def subject_statuses(store: RunHistory, judge: Judge, subject: Subject) -> list[StepStatus]:
    """Return how a subject of aggregates does in each place; those that were not judged yet are judged now."""
    statuses = []
    for environment, location in watched_places(judged_aggregates(store.series, subject)):
        if (judged := judge.judge_subject(subject, environment=environment, location=location)) is not None:
            statuses += [StepStatus(subject, environment, location, judged.at_us, own) for own in judged.judgements]
    return statuses


def judged_aggregates(reader: SeriesReader, subject: Subject | None = None) -> list[Series]:
    """Return the series of aggregates, of a subject or of all, that are judged by themselves and not kept apart."""
    return [
        series
        for series in reader.of(subject)
        if series.metric == METRIC and _is_no_check(series.subject) and not is_kept_apart(series.environment)
    ]


def informing_metrics(reader: SeriesReader, subjects: Collection[Subject]) -> list[str]:
    """Return the metrics of subjects of aggregates that nobody judges, by name."""
    return sorted({series.metric for series in reader.of() if series.subject in subjects and series.metric != METRIC})


def _is_no_check(subject: Subject) -> bool:
    """Whether a subject's kind says that no run measures it; the id of a check may lack its kind."""
    return subject.kind is not None and subject.kind not in CHECK_KINDS
