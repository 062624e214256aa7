"""Baselines that are accepted as normal: files in the workspace's folder `baselines/`, kept in git."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import BASELINES
from outrider.app.execution.runtime import open_runtime
from outrider.app.gate.gate_sources import MIN_SESSIONS, stored_runs
from outrider.gate import Accepted, file_of, fingerprint_here, read_accepted, sessions_of, write_accepted
from outrider.model import UsageError, counted
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from outrider.gate import Session
    from outrider.model import Check, CheckId, Run, RunLog
    from outrider.workspace import Workspace


_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """A file that was written.

    Attributes:
        file: Below the workspace.
        failed: How many of the runs failed.
    """

    check: CheckId
    file: Path
    sessions: int
    runs: int
    failed: int


@dataclass(frozen=True, slots=True)
class SkippedCheck:
    """A check of which nothing was accepted, why, and what to do: a command, or words."""

    check: CheckId
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Which baselines were written, and which checks have too few runs for one."""

    written: tuple[AcceptedFile, ...]
    skipped: tuple[SkippedCheck, ...]

    def required(self) -> tuple[AcceptedFile, ...]:
        """Return the files that were written.

        Raises:
            UsageError: no-baseline if there are none.
        """
        if not self.written:
            reasons = [f"{check.check}: {check.reason}" for check in self.skipped[:_MOST_NAMED]]
            more = [f"and {len(self.skipped) - _MOST_NAMED} more"] if len(self.skipped) > _MOST_NAMED else []
            fix = self.skipped[0].fix if self.skipped else "write a check first"
            raise UsageError("; ".join(["nothing was accepted", *reasons, *more]), slug="no-baseline", fix=fix)
        return self.written


@dataclass(frozen=True, slots=True)
class StepShift:
    """A step's accepted median beside that of the latest runs [ms]; None where one has no such step."""

    check: CheckId
    step: str
    accepted_ms: float | None
    now_ms: float | None

    @property
    def change(self) -> float | None:
        """The change as a share; None where a side is missing."""
        if self.accepted_ms is None or self.now_ms is None:
            return None
        return self.now_ms / self.accepted_ms - 1


@dataclass(frozen=True, slots=True)
class BaselineDiff:
    """What accepting now would change, and files of checks that do not exist any more."""

    shifts: tuple[StepShift, ...]
    orphans: tuple[tuple[CheckId, Path], ...]


def accept_baselines(
    workspace: Workspace, log: RunLog, patterns: Sequence[str] = (), *, last: int = 100, session_runs: int = 5
) -> Acceptance:
    """Write the latest stored runs of checks to the folder of accepted baselines, a file a check.

    Args:
        workspace: Whose checks.
        log: Where the runs are.
        patterns: Which checks; all without patterns.
        last: How many of the latest runs.
        session_runs: How many runs a session has.

    Raises:
        UsageError: unknown-check.
    """
    written, skipped = [], []
    with open_runtime(workspace) as runtime:
        checks = select(runtime.discover().checks, patterns)
    for check in checks:
        runs = stored_runs(log, check, last)
        sessions = sessions_of(runs, session_runs)
        needed = MIN_SESSIONS * session_runs
        if len(sessions) < MIN_SESSIONS:
            reason = f"{counted(len(runs), 'stored run')} of at least {needed}"
            again = f"outrider run '{check.name}' --repeat {needed}, then outrider baseline accept"
            fix = again if last >= needed else f"ask for as many: outrider baseline accept --last {needed}"
            skipped.append(SkippedCheck(check.id, reason, fix))
        elif not any(session.durations for session in sessions):
            reason = f"none of its last {counted(len(runs), 'stored run')} passed"
            skipped.append(SkippedCheck(check.id, reason, f"let it pass first: outrider run '{check.name}'"))
        else:
            written.append(_write(workspace, check, runs, sessions))
    return Acceptance(tuple(written), tuple(skipped))


def read_baselines(workspace: Workspace, patterns: Sequence[str] = ()) -> list[Accepted]:
    """Return the accepted baselines of checks whose id contains any of the patterns, which may be globs.

    Raises:
        ConfigError: If a file cannot be read as a baseline.
    """
    return [accepted for _, accepted in _files(workspace, patterns)]


def compare_baselines(
    workspace: Workspace, log: RunLog, patterns: Sequence[str] = (), *, last: int = 50
) -> BaselineDiff:
    """Return each step's accepted median beside that of the latest stored runs.

    Args:
        workspace: Whose baselines and checks.
        log: Where the runs are.
        patterns: As for `read_baselines`.
        last: How many of the latest runs.

    Raises:
        ConfigError: If a file cannot be read as a baseline.
    """
    shifts: list[StepShift] = []
    orphans: list[tuple[CheckId, Path]] = []
    with open_runtime(workspace) as runtime:
        checks = {check.id: check for check in runtime.discover().checks}
    for path, accepted in _files(workspace, patterns):
        check = type(accepted.check)(workspace.current(accepted.check))
        if check not in checks:
            orphans.append((check, path.relative_to(workspace.root)))
            continue
        now = step_medians(sessions_of(stored_runs(log, checks[check], last), 1))
        before = step_medians(accepted.sessions)
        shifts += [StepShift(check, step, before.get(step), now.get(step)) for step in dict.fromkeys([*before, *now])]
    return BaselineDiff(tuple(shifts), tuple(orphans))


def step_medians(sessions: Iterable[Session]) -> dict[str, float]:
    """Return each step's median duration [ms] over all sessions."""
    values: dict[str, list[float]] = {}
    for session in sessions:
        for step, durations in session.durations.items():
            values.setdefault(step, []).extend(durations)
    return {step: round(statistics.median(durations), 1) for step, durations in values.items()}


def _write(workspace: Workspace, check: Check, runs: Sequence[Run], sessions: Sequence[Session]) -> AcceptedFile:
    path = file_of(workspace.root / BASELINES, check.id)
    circumstances = runs[-1].circumstances
    accepted = Accepted(
        check=check.id,
        environment=check.policy.environment,
        accepted=datetime.now(UTC).isoformat(timespec="seconds"),
        release=circumstances.release,
        fingerprint=fingerprint_here(circumstances.browser, runs[-1].location),
        sessions=tuple(sessions),
    )
    write_accepted(path, accepted)
    return AcceptedFile(
        check=check.id,
        file=path.relative_to(workspace.root),
        sessions=len(sessions),
        runs=sum(session.runs for session in sessions),
        failed=sum(session.failed for session in sessions),
    )


def _files(workspace: Workspace, patterns: Sequence[str]) -> list[tuple[Path, Accepted]]:
    paths = sorted((workspace.root / BASELINES).glob("*.json"))
    return [
        (path, accepted)
        for path, accepted in ((path, read_accepted(path)) for path in paths)
        if not patterns or any(fnmatchcase(accepted.check, f"*{pattern}*") for pattern in patterns)
    ]
