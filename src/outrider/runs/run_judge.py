"""Judges stored runs: each series' new samples are folded into what the judge knew of it before.

Run by run and replayed give the same answers, since both fold the samples of the store, in the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from outrider.baselines import (
    Direction,
    Event,
    EventKind,
    RateState,
    Scale,
    Settings,
    Signal,
    State,
    advance,
    apply,
    dump,
    explain,
    load,
    months_per_series,
    step,
    step_rate,
)
from outrider.model import (
    FAILING,
    PAGE_SERIES,
    REQUESTS,
    SERVICE_METRICS,
    BadSeries,
    Checkpoint,
    Outcome,
    SeriesPart,
    SubjectKind,
)
from outrider.runs.failing_minutes import judge_failing_minutes
from outrider.runs.primary_steps import CONCLUSIVE, METRIC, primary_durations
from outrider.runs.release_coincidence import recent_release, release_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.baselines import RateSignal
    from outrider.model import JudgeHistory, Points, Release, Run, Series, Subject

_SECOND_US = 1_000_000
REMEMBERED_RUNS = 4_032  # two weeks of five minutes: what the judge of failures itself remembers
_OF_MANY_REQUESTS = frozenset({SubjectKind.LOAD, SubjectKind.SERVICE, SubjectKind.PAGE})
_READ_AT_ONCE = 200_000
"""Points, at some hundred bytes each while they are read."""
FAILURES = ""
"""What stands in place of a step's name where failing runs are judged."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of a step after a run, or of how often runs fail.

    Attributes:
        step: Empty for failures.
        release: The last release before the deviation began, or before the run if nothing deviates; empty if none is
            known.
        later_release: The last release between then and the run; what began before cannot come from it.
        recent_release: The former, if it came so shortly before the deviation that it is named with it.
        release_share: Probability that a deviation by chance begins so shortly after a release; 1 if it did not.
    """

    step: str
    signal: Signal | RateSignal
    release: str = ""
    later_release: str = ""
    release_share: float = 1.0
    recent_release: str = ""

    @classmethod
    def of(cls, step: str, signal: Signal | RateSignal, releases: Sequence[Release], at_us: int) -> Self:
        """Return a judgement as of a time, with the releases of its environment, which are in the order of time."""
        since_s = signal.since if isinstance(signal, Signal) else None
        known = [release for release in releases if release.at_us <= at_us]
        before = [release for release in known if since_s is None or release.at_us // _SECOND_US <= since_s]
        later = known[len(before) :]
        return cls(
            step, signal, before[-1].name if before else "", later[-1].name if later else "",
            release_share(since_s, known, at_us), recent_release(since_s, known, at_us),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubjectJudgement:
    """What the judge says of a subject's aggregates in one place.

    Attributes:
        at_us: The time of the newest aggregate, microseconds UTC.
        judgements: One for each step that has aggregates.
    """

    subject: Subject
    environment: str
    location: str
    at_us: int
    judgements: tuple[Judgement, ...]
    metric: str = METRIC


@dataclass(frozen=True, slots=True)
class _Judged:
    """Series that are judged together: those of a subject in one place, after a run or after all that is stored."""

    series: Sequence[Series]
    releases: Sequence[Release]
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A series, what is known of it, and the part that is new."""

    series: Series
    known: Checkpoint | None
    of: _Judged
    state: State
    fresh: SeriesPart


class Judge:
    """Judges the primary series of checks, and aggregates of any subject.

    Args:
        history: Where samples, releases and what was known are kept.
        settings: Of the judge; its months are those of a whole subject, shared among its steps.
    """

    def __init__(self, history: JudgeHistory, settings: Settings) -> None:
        self._history = history
        self._settings = settings

    def judge(self, run: Run) -> list[Judgement]:
        """Judge a stored run, with all samples before it that were not judged yet; failures come first."""
        if run.outcome not in CONCLUSIVE:
            return []
        releases = self._history.judgements.releases(run.environment)
        return [
            Judgement.of(FAILURES, self._failures(run), releases, run.due_us),
            *(Judgement.of(step, signal, releases, run.due_us) for step, signal in self.durations(run, releases)),
        ]

    def judge_subject(
        self, subject: Subject, *, environment: str, location: str = "", metric: str = METRIC
    ) -> SubjectJudgement | None:
        """Judge a subject's stored aggregates in one place, all that were not judged yet; None if it has none."""
        place = (metric, environment, location)
        judged = [
            series
            for series in self._history.series.of(subject)
            if (series.metric, series.environment, series.location) == place
        ]
        if metric == FAILING:
            return self._failing(judged)
        releases = self._history.judgements.releases(environment)
        (fresh,) = self._caught_up([_Judged(judged, releases)])
        if not fresh:
            return None
        self._history.judgements.record_checkpoints([checkpoint for checkpoint, _ in fresh])
        at_us = max(checkpoint.at_us for checkpoint, _ in fresh)
        judgements = [Judgement.of(checkpoint.series.step, signal, releases, at_us) for checkpoint, signal in fresh]
        return SubjectJudgement(subject, environment, location, at_us, tuple(judgements), metric)

    def _failing(self, judged: Sequence[Series]) -> SubjectJudgement | None:
        """Judge the minutes in which more requests than usual fail."""
        if not judged:
            return None
        series = judged[0]
        months = series_settings(self._settings, series.subject, 1).months
        fresh = judge_failing_minutes(self._history, series, months)
        if fresh is None:
            return None
        checkpoint, signal = fresh
        self._history.judgements.record_checkpoints([checkpoint])
        releases = self._history.judgements.releases(series.environment)
        judgement = Judgement.of(FAILURES, signal, releases, checkpoint.at_us)
        return SubjectJudgement(
            series.subject, series.environment, series.location, checkpoint.at_us, (judgement,), FAILING
        )

    def _failures(self, run: Run) -> RateSignal:
        (outcomes,) = self._history.runs.outcomes([run], REMEMBERED_RUNS)
        return rated(outcomes or [run.outcome], self._settings)[1]  # a restored store may not have it

    def durations(self, run: Run, releases: Sequence[Release]) -> list[tuple[str, Signal]]:
        """Judge the durations of a stored run's primary steps.

        Args:
            releases: Of its environment, in the order of time.
        """
        (fresh,) = self.caught_up([run], {run.environment: releases})
        if fresh:
            self._history.judgements.record_checkpoints([checkpoint for checkpoint, _ in fresh])
        return [(checkpoint.series.step, signal) for checkpoint, signal in fresh]

    def caught_up(
        self, runs: Sequence[Run], releases: Mapping[str, Sequence[Release]]
    ) -> list[list[tuple[Checkpoint, Signal]]]:
        """Return for each stored run the checkpoints of its series after it, and their signals; nothing is written.

        What was stored after a run, and due after it, is not judged with it.

        Args:
            runs: Each of another check or place.
            releases: By environment, in the order of time.
        """
        known = self._history.series.of_many({run.check for run in runs})
        judged = [_Judged(_own_series(run, known[run.check]), releases[run.environment], run) for run in runs]
        return self._caught_up(judged)

    def _caught_up(self, judged: Sequence[_Judged]) -> list[list[tuple[Checkpoint, Signal]]]:
        """Return the checkpoints of series, and their signals, after all of their samples; nothing is written."""
        every = [series for of in judged for series in of.series]
        if not every:
            return [[] for _ in judged]
        known = {checkpoint.series: checkpoint for checkpoint in self._history.judgements.checkpoints(every)}
        waiting = [[self._waiting(series, known.get(series), of) for series in of.series] for of in judged]
        points = iter(self._points([series.fresh for of in waiting for series in of]))
        caught_up = [[self._catch_up(series, next(points)) for series in of] for of in waiting]
        return [[pair for pair in of if pair is not None] for of in caught_up]

    def _waiting(self, series: Series, known: Checkpoint | None, of: _Judged) -> _Waiting:
        settings = series_settings(self._settings, series.subject, len(of.series), series.metric)
        state, since_us = _remembered(known, settings)
        return _Waiting(series, known, of, state, SeriesPart(series, since_us, of.run.id if of.run else None))

    def _points(self, parts: Sequence[SeriesPart]) -> Iterable[Points]:
        """Return the points of parts: asked at once or, where they are too many to be kept together, one by one."""
        points = self._history.series.parts(parts, _READ_AT_ONCE)
        return map(self._whole, parts) if points is None else points

    def _whole(self, part: SeriesPart) -> Points:
        (points,) = self._history.series.parts([part]) or ()
        return points

    def _catch_up(self, waiting: _Waiting, points: Points) -> tuple[Checkpoint, Signal] | None:
        """Return the checkpoint of a series and its signal; None if its samples are pruned, or none is judged."""
        state, known, run = waiting.state, waiting.known, waiting.of.run
        if not len(points.at_us):
            if known is not None and (run is None or run.due_us == known.at_us):
                return known, explain(state)  # judged already: the same run twice
            state = State(settings=state.settings)
            points = self._whole(replace(waiting.fresh, since_us=0))  # a run that came late
            if not len(points.at_us):
                return None
        state, signal = fold(state, points, [release for release in waiting.of.releases if release.accepted])
        at_us = int(points.at_us[-1])
        return Checkpoint(waiting.series, at_us, signal.condition, signal.reason, dump(state)), signal


def rated(
    outcomes: Iterable[Outcome], settings: Settings, state: RateState | None = None
) -> tuple[RateState, RateSignal]:
    """Return what outcomes (at least one conclusive), the oldest first, make of what was known of failures."""
    state = state or RateState()
    for outcome in (outcome for outcome in outcomes if outcome in CONCLUSIVE):
        state, signal = step_rate(state, outcome is not Outcome.PASSED, months=settings.months)
    return state, signal


def _own_series(run: Run, known: Sequence[Series]) -> list[Series]:
    """Return those of a check's series that a run's durations belong to."""
    steps = primary_durations(run)
    place = (METRIC, run.environment, run.location)
    return [
        series
        for series in known
        if series.step in steps and (series.metric, series.environment, series.location) == place
    ]


def series_settings(settings: Settings, subject: Subject, series: int, metric: str = METRIC) -> Settings:
    """Return how each series of a subject is judged: it shares the subject's budget, and knows what its numbers are.

    Args:
        settings: Of the workspace; the months are those of a whole subject.
        subject: What services, pages and loads measure stands for many requests, a run of a check for itself.
        series: How many series of the subject and metric may alert in one place.
        metric: What its numbers are; requests of a service alert where there are fewer.
    """
    if subject.kind is SubjectKind.SERVICE:
        series = max(series, 1) * len(SERVICE_METRICS)
    elif subject.kind is SubjectKind.PAGE:
        series = PAGE_SERIES
    if metric == REQUESTS:
        months = months_per_series(settings.months, series)
        return replace(settings, months=months, scale=Scale.COUNT, direction=Direction.DOWN)
    scale = Scale.AGGREGATE if subject.kind in _OF_MANY_REQUESTS else settings.scale
    return replace(settings, months=months_per_series(settings.months, series), scale=scale)


def fold(state: State, points: Points, accepted: Sequence[Release]) -> tuple[State, Signal]:
    """Fold points (at least one) into a state; an accepted release is an event of the first run after it.

    Args:
        state: What was known before.
        points: In the order of time.
        accepted: Releases whose level is the new normal, in the order of time.
    """
    at_s, last, start = points.at_us // _SECOND_US, len(points.at_us) - 1, 0
    for run, event in _events(state, points, accepted):
        state, _ = advance(state, at_s[start:run], points.value[start:run])
        state, start = apply(state, event, int(at_s[run])), run
    if start < last:
        state, _ = advance(state, at_s[start:last], points.value[start:last])
    return step(state, int(at_s[last]), float(points.value[last]))


def _events(state: State, points: Points, accepted: Sequence[Release]) -> list[tuple[int, Event]]:
    """Return accepted releases that the state has not seen, each with the first run after it; of several the last."""
    before_us = (state.last_at or 0) * _SECOND_US
    by_run = {
        int(points.at_us.searchsorted(release.at_us)): Event(EventKind.ACCEPTED, since=release.at_us // _SECOND_US)
        for release in accepted
        if release.at_us > before_us
    }
    return [(run, event) for run, event in by_run.items() if run < len(points.at_us)]


def _remembered(known: Checkpoint | None, settings: Settings) -> tuple[State, int]:
    """Return a checkpoint's state and the time after which samples are new; one that cannot be read is rebuilt."""
    if known is not None:
        try:
            return replace(load(known.state), settings=settings), known.at_us + 1
        except BadSeries:
            pass
    return State(settings=settings), 0
