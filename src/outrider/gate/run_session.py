"""Sessions: a few runs of one check in a row, folded to the numbers that a gate compares."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome
from outrider.runs import CONCLUSIVE, primary_durations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import Run


@dataclass(frozen=True, slots=True)
class Session:
    """What a few runs in a row gave.

    Attributes:
        durations: By step, in ms, of first attempts that passed.
        runs: Those that say something about the system under test.
        failed: Those of them with an attempt that failed; one that was inconclusive and passed then is none.
    """

    durations: Mapping[str, tuple[float, ...]]
    runs: int
    failed: int


def session_of(runs: Sequence[Run]) -> Session:
    """Fold runs of one check into a session; inconclusive runs and setup errors are left out."""
    conclusive = [run for run in runs if run.outcome in CONCLUSIVE]
    durations: dict[str, list[float]] = defaultdict(list)
    for run in conclusive:
        for step, duration_ms in primary_durations(run).items():
            durations[step].append(duration_ms)
    return Session(
        durations={step: tuple(values) for step, values in durations.items()},
        runs=len(conclusive),
        failed=sum(_has_failed_attempt(run) for run in conclusive),
    )


def _has_failed_attempt(run: Run) -> bool:
    return any(attempt.measurement.outcome is Outcome.FAILED for attempt in run.attempts)


def sessions_of(runs: Sequence[Run], size: int) -> list[Session]:
    """Deal runs, in the order of time, into whole sessions of `size`."""
    return [session_of(runs[start : start + size]) for start in range(0, len(runs) - size + 1, size)]
