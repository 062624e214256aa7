"""The judge of a service that sees every run: the state of each series stays in memory between runs.

It says what `Judge` says of the same runs in the same order; checkpoints are written once a minute instead of after
each run. After a crash they are caught up from samples.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.baselines import RateState, State, dump, explain, load
from outrider.model import Checkpoint, Points
from outrider.runs.primary_steps import CONCLUSIVE, METRIC, primary_durations
from outrider.runs.run_judge import FAILURES, REMEMBERED_RUNS, Judge, Judgement, fold, rated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.baselines import RateSignal, Settings, Signal
    from outrider.model import CheckId, JudgeHistory, Release, Run, RunId, Series, Subject
    from outrider.runs.run_judge import SubjectJudgement

_FRESH_S = 10.0
_FLUSH_S = 60.0
_SAVED_AT_ONCE = 100
"""Others write in between: a service's runs do not wait for ten thousand checkpoints."""

_Place = tuple["CheckId", str, str]


@dataclass(slots=True)
class _Known:
    series: Series
    state: State
    at_us: int
    signal: Signal | None = None
    """The last signal, if it is not written yet."""

    def last_signal(self) -> Signal:
        return explain(self.state) if self.signal is None else self.signal


@dataclass(frozen=True, slots=True)
class _Rated:
    run: RunId
    state: RateState
    signal: RateSignal


class LiveJudge:
    """Judges the primary series of checks, as `Judge` does.

    Args:
        history: Where samples, releases and what was known are kept.
        settings: Of the judge; its months are those of a whole check.
    """

    def __init__(self, history: JudgeHistory, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._judge = Judge(history, settings)
        self._rates: dict[_Place, _Rated] = {}
        self._known: dict[_Place, dict[str, _Known]] = {}
        self._releases: dict[str, tuple[Release, ...]] = {}
        self._read_s = 0.0
        self._flushed_s = time.monotonic()

    def judge(self, run: Run) -> list[Judgement]:
        """Judge a stored run; failures come first.

        Raises:
            StoreError: If the store is away; then the run may be judged again, and counts once.
        """
        if run.outcome not in CONCLUSIVE:
            return []
        releases = self._current(run.environment)
        judgements = [
            Judgement.of(FAILURES, self._failures(run), releases, run.due_us),
            *(Judgement.of(step, signal, releases, run.due_us) for step, signal in self._durations(run, releases)),
        ]
        if time.monotonic() - self._flushed_s > _FLUSH_S:
            self.flush()
        return judgements

    def learn(self, runs: Sequence[Run]) -> None:
        """Read together what is stored of the checks of runs that are about to be judged, where nothing is known yet.

        To judge each asks for it otherwise, check by check.
        """
        waiting = [run for run in runs if run.outcome in CONCLUSIVE]
        if unrated := _first_of_places(run for run in waiting if _place(run) not in self._rates):
            self._learn_failures(unrated)
        releases = {environment: self._current(environment) for environment in {run.environment for run in waiting}}
        timed = (run for run in waiting if _place(run) not in self._known and primary_durations(run))
        if unknown := _first_of_places(timed):
            self._learn_durations(unknown, releases)

    def judge_subject(
        self, subject: Subject, *, environment: str, location: str = "", metric: str = METRIC
    ) -> SubjectJudgement | None:
        """Judge a subject's stored aggregates in one place, as `Judge` does; its checkpoints are written at once."""
        return self._judge.judge_subject(subject, environment=environment, location=location, metric=metric)

    def flush(self) -> None:
        """Write what is known of the series that were judged since the last time."""
        self._flushed_s = time.monotonic()
        self._save(known for steps in self._known.values() for known in steps.values())

    def _save(self, known: Iterable[_Known]) -> None:
        fresh = [(series, series.signal) for series in known if series.signal is not None]
        for start in range(0, len(fresh), _SAVED_AT_ONCE):
            some = fresh[start : start + _SAVED_AT_ONCE]
            self._history.judgements.record_checkpoints(
                [
                    Checkpoint(known.series, known.at_us, signal.condition, signal.reason, dump(known.state))
                    for known, signal in some
                ]
            )
            for written, _ in some:
                written.signal = None

    def _current(self, environment: str) -> tuple[Release, ...]:
        """Return the releases, read anew every few seconds; if they changed, nothing that was known holds."""
        if time.monotonic() - self._read_s > _FRESH_S:
            self._read_s = time.monotonic()
            fresh = {name: self._history.judgements.releases(name) for name in self._releases}
            if fresh != self._releases:
                self._known.clear()
            self._releases = fresh
        if environment not in self._releases:
            self._releases[environment] = self._history.judgements.releases(environment)
        return self._releases[environment]

    def _failures(self, run: Run) -> RateSignal:
        known = self._rates.get(_place(run))
        if known is None:
            self._learn_failures([run])
            known = self._rates[_place(run)]
        if known.run != run.id:
            known = self._rates[_place(run)] = _Rated(run.id, *rated([run.outcome], self._settings, known.state))
        return known.signal

    def _learn_failures(self, runs: Sequence[Run]) -> None:
        for run, outcomes in zip(runs, self._history.runs.outcomes(runs, REMEMBERED_RUNS), strict=True):
            conclusive = outcomes or [run.outcome]  # a restored store may not have it
            self._rates[_place(run)] = _Rated(run.id, *rated(conclusive, self._settings))

    def _durations(self, run: Run, releases: Sequence[Release]) -> list[tuple[str, Signal]]:
        steps = primary_durations(run)
        known = self._known.get(_place(run), {})
        if not steps:
            return []
        if known.keys() == steps.keys() and all(series.at_us == run.due_us for series in known.values()):
            return [(step, series.last_signal()) for step, series in known.items()]  # learned, or the same run twice
        if known.keys() != steps.keys() or any(series.at_us >= run.due_us for series in known.values()):
            self._learn_durations([run], {run.environment: releases})
            return [(step, series.last_signal()) for step, series in self._known[_place(run)].items()]
        accepted = [release for release in releases if release.accepted]
        return [(step, self._folded(known[step], run.due_us, value, accepted)) for step, value in steps.items()]

    def _folded(self, known: _Known, due_us: int, value: float, accepted: Sequence[Release]) -> Signal:
        import numpy as np  # noqa: PLC0415 - dear, and only judges ask

        point = Points(np.array([due_us], np.int64), np.array([value]))
        known.state, signal = fold(known.state, point, accepted)
        known.at_us = due_us
        known.signal = signal
        return signal

    def _learn_durations(self, runs: Sequence[Run], releases: Mapping[str, Sequence[Release]]) -> None:
        """Keep in memory what is stored of the series of runs, each of another place, up to them."""
        self._save(known for run in runs for known in self._known.pop(_place(run), {}).values())
        for run, fresh in zip(runs, self._judge.caught_up(runs, releases), strict=True):
            self._known[_place(run)] = {
                checkpoint.series.step: _Known(checkpoint.series, load(checkpoint.state), checkpoint.at_us, signal)
                for checkpoint, signal in fresh
            }


def _place(run: Run) -> _Place:
    return run.check, run.environment, run.location


def _first_of_places(runs: Iterable[Run]) -> list[Run]:
    """Return the first run of each check in each place."""
    return list({_place(run): run for run in reversed(list(runs))}.values())[::-1]
