"""Sources of a gate's sessions: measured now, alternately at two addresses, or against what is stored."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Self

from outrider.app.execution.runtime import open_runtime
from outrider.app.gate.gate_session import open_side
from outrider.gate import ELSEWHERE_MARGIN, Address, astray, read_accepted, session_of, sessions_of
from outrider.model import Outcome, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.app.gate.gate_session import GateSession, Side
    from outrider.gate import Rules, Session
    from outrider.model import Check, CheckId, Run, RunLog

MIN_SESSIONS = 4
SESSION_RUNS = 5
"""Runs of a session, where nobody says otherwise."""


def _wrong(runs: Sequence[Run]) -> str:
    return next((run.reason for run in runs if run.outcome in {Outcome.SETUP_ERROR, Outcome.SKIPPED}), "")


class SideBySide:
    """Base and candidate at two addresses, measured alternately; a context."""

    def __init__(
        self, session: GateSession, checks: Sequence[Check], addresses: tuple[str, str], size: int, variable: str | None
    ) -> None:
        self._session = session
        self._checks = {check.id: check for check in checks}
        self._addresses = addresses
        self._sides = (Address.of(addresses[0]), Address.of(addresses[1]))
        self._size = size
        self._variable = variable
        self._stack = ExitStack()
        self._opened: list[Side] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for address in self._addresses:
                environment = {"PYTEST_BASE_URL": address, **({self._variable: address} if self._variable else {})}
                workspace = replace(self._session.workspace, env={**self._session.workspace.env, **environment})
                runtime = stack.enter_context(open_runtime(workspace, browser=self._session.browser))
                self._opened.append(stack.enter_context(open_side(runtime, self._session.store)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Measure one session of both sides; a run that did not visit its side is a wrong setup."""
        base, candidate = self._opened
        runs = self._session.pair((base, candidate), self._checks[check], number, self._size)
        for side_runs, (own, other) in zip(runs, (self._sides, self._sides[::-1]), strict=True):
            passed = (run for run in side_runs if run.outcome is Outcome.PASSED)
            reasons = (astray(self._session.requested(run), own, other) for run in passed)
            if reason := _wrong(side_runs) or next(filter(None, reasons), ""):
                return reason
        return session_of(runs[0]), session_of(runs[1])


@dataclass(frozen=True, slots=True)
class Base:
    """The sessions that were measured before of one check; `elsewhere` if on another machine."""

    sessions: Sequence[Session]
    elsewhere: bool = False

    def fitted(self, rules: Rules) -> Rules:
        """Return rules whose looks end with these sessions, and whose margin allows for another machine."""
        cap = min(len(self.sessions), rules.plan.looks[-1])
        looks = (*(look for look in rules.plan.looks if look < cap), cap)
        margin = max(rules.margin, ELSEWHERE_MARGIN) if self.elsewhere else rules.margin
        return replace(rules, margin=margin, plan=replace(rules.plan, looks=looks), most_sessions=len(self.sessions))


@dataclass(slots=True)
class StoredBases:
    """The sessions that were measured before, of each check that has any.

    Attributes:
        notes: What a reader must know to weigh it.
        against: What it is, in words.
        missing: What is wrong if no check has any, in words.
        fix: What to do then.
    """

    against: str
    missing: str
    fix: str
    bases: dict[CheckId, Base] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def needed(self) -> Self:
        """Return itself.

        Raises:
            UsageError: no-baseline if no check has a base.
        """
        if not self.bases:
            raise UsageError("; ".join([self.missing, *self.notes]), slug="no-baseline", fix=self.fix)
        return self


def accepted_bases(
    session: GateSession, checks: Sequence[Check], present: Sequence[Check], folder: Path
) -> StoredBases:
    """Return the accepted baselines of checks.

    Args:
        session: Where the candidate is measured.
        checks: Those that were chosen.
        present: All that the workspace has.
        folder: Where the files lie.

    Raises:
        ConfigError: If a file cannot be read as a baseline.
    """
    stored = StoredBases(
        against="what was accepted in baselines/",
        missing=f"no accepted baseline in {folder} fits",
        fix=_how_to_accept(session.store.runs, checks),
    )
    chosen = {check.id: check for check in checks}
    everything = {check.id for check in present}
    for path in sorted(folder.glob("*.json")):
        accepted = read_accepted(path)
        check = type(accepted.check)(session.workspace.current(accepted.check))
        if check not in everything:
            stored.notes.append(f"{path.name} is of {check}, which exists no more: remove the file")
        elif check in chosen and (wanted := chosen[check].policy.environment) != accepted.environment:
            stored.notes.append(f"{path.name} was accepted in {accepted.environment}, not in {wanted}: it is left out")
        elif check in chosen:
            apart = session.fingerprint(chosen[check]).differences(accepted.fingerprint)
            stored.bases[check] = Base(accepted.sessions, elsewhere=bool(apart))
            if apart:
                words = "; ".join(apart)
                stored.notes.append(f"{path.name} was measured elsewhere ({words}): the margin is widened")
    stored.notes += [
        f"{check.id} has no accepted baseline: it is not judged" for check in checks if check.id not in stored.bases
    ]
    return stored


def _how_to_accept(log: RunLog, checks: Sequence[Check]) -> str:
    """Return the commands after which there is an accepted baseline."""
    needed = MIN_SESSIONS * SESSION_RUNS
    has_runs = any(len(stored_runs(log, check, needed)) == needed for check in checks)
    return "outrider baseline accept" if has_runs else f"outrider run --repeat {needed}, then outrider baseline accept"


def last_bases(session: GateSession, checks: Sequence[Check], rules: Rules, size: int, count: int) -> StoredBases:
    """Return the last `count` stored runs of each check that has enough of them."""
    needed = MIN_SESSIONS * size
    stored = StoredBases(
        against=f"the last {count} stored runs",
        missing="no check has enough runs",
        fix=f"outrider run --repeat {needed}" if count >= needed else f"ask for as many: outrider gate --last {needed}",
    )
    for check in checks:
        runs = stored_runs(session.store.runs, check, count)
        sessions = sessions_of(runs, size)
        if len(sessions) < MIN_SESSIONS:
            stored.notes.append(f"{check.id} has {len(sessions)} of at least {MIN_SESSIONS} sessions of {size} runs")
            continue
        stored.bases[check.id] = Base(sessions[-rules.plan.looks[-1] :])
        if len(runs) < count:
            stored.notes.append(f"{check.id} has {len(runs)} stored runs in one place, fewer than {count}")
    return stored


class AgainstBases:
    """The candidate, measured now, beside sessions that were measured before."""

    def __init__(
        self, session: GateSession, side: Side, checks: Sequence[Check], *, bases: StoredBases, size: int
    ) -> None:
        self._session = session
        self._side = side
        self._checks = {check.id: check for check in checks}
        self._bases = bases.bases
        self._size = size

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Measure one session of the candidate beside a stored one."""
        runs = [self._session.run(self._side, self._checks[check], number) for _ in range(self._size)]
        return _wrong(runs) or (self._bases[check].sessions[number], session_of(runs))


class SelfTest:
    """The candidate on both sides, alternately, for the gate to be tried on; keeps what it took."""

    def __init__(self, session: GateSession, side: Side, checks: Sequence[Check], *, size: int) -> None:
        self._session = session
        self._side = side
        self._checks = {check.id: check for check in checks}
        self._size = size
        self.taken: dict[CheckId, list[tuple[Session, Session]]] = {check.id: [] for check in checks}

    def measure(self, count: int) -> None:
        """Take so many pairs of sessions of every check.

        Raises:
            UsageError: self-test if a check's setup is wrong.
        """
        for number in range(count):
            for check in self._checks.values():
                left, right = self._session.pair((self._side, self._side), check, number, self._size)
                if reason := _wrong([*left, *right]):
                    raise UsageError(f"{check.id}: {reason}", slug="self-test", fix="let it pass first: outrider run")
                self.taken[check.id].append((session_of(left), session_of(right)))


def stored_runs(log: RunLog, check: Check, count: int) -> list[Run]:
    """Return the last runs of a check in its environment, in the order of time, all in one place and one browser.

    The place is that of the last one; runs go back to the moment at which the browser was another.
    """
    environment = check.policy.environment
    last = log.search(check.id, environment=environment, limit=1)
    if not last:
        return []
    lines = log.search(check.id, environment=environment, location=last[0].location, limit=count)
    latest = [log.get(line.id).run for line in lines]
    browser = next((run.circumstances.browser for run in latest if run.circumstances.browser), "")
    same = takewhile(lambda run: run.circumstances.browser in {browser, ""}, latest)
    return list(same)[::-1]
