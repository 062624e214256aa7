"""Where a gate's sessions come from: measured now, in turns at two addresses, or against what is stored."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from outrider.baselines import Plan, false_fail_rate
from outrider.cli.project import bench
from outrider.gate import ELSEWHERE_MARGIN, astray, fingerprint_here, read_accepted, session_of, sessions_of
from outrider.model import Kind, Outcome, UsageError
from outrider.runs import Runner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.cli.project import Bench
    from outrider.cli.run import Progress
    from outrider.gate import Rules, Session
    from outrider.journeys import Browser
    from outrider.model import Check, CheckId, Run
    from outrider.store import Store
    from outrider.workspace import Workspace

MIN_SESSIONS = 4


@dataclass(frozen=True, slots=True)
class Lab:
    """What it takes to measure: where, in which browser, and where runs go; `ready` if one bench is enough."""

    workspace: Workspace
    browser: Browser
    store: Store
    progress: Progress
    ready: Bench | None = None

    def runs(self, ready: Bench, check: Check, number: int, count: int, side: str = "") -> list[Run]:
        """Make runs of one session; they are stored in an environment of their own, apart from what is watched."""
        gated = replace(check, policy=replace(check.policy, environment=f"{check.policy.environment}-gate"))
        runner = Runner({Kind.JOURNEY: ready.measure}, self.store, ready.scratch, ready.circumstances)
        made = []
        for _ in range(count):
            self.progress.say(f"session {number + 1}{side}: {check.name}")
            with ready.turns.taken():
                ready.measure.prepare()
                made.append(runner.run(gated))
        return made


def _wrong(runs: Sequence[Run]) -> str:
    return next((run.reason for run in runs if run.outcome in {Outcome.SETUP_ERROR, Outcome.SKIPPED}), "")


class SideBySide:
    """Base and candidate at two addresses, measured in turns; which comes first alternates from session to session."""

    def __init__(
        self, lab: Lab, checks: Sequence[Check], addresses: tuple[str, str], size: int, variable: str | None
    ) -> None:
        self._lab = lab
        self._checks = {check.id: check for check in checks}
        self._addresses = addresses
        self._size = size
        self._variable = variable
        self._stack = ExitStack()
        self._benches: list[Bench] = []

    def __enter__(self) -> Self:
        for address in self._addresses:
            environment = {"PYTEST_BASE_URL": address, **({self._variable: address} if self._variable else {})}
            side = replace(self._lab.workspace, env={**self._lab.workspace.env, **environment})
            self._benches.append(self._stack.enter_context(bench(side, browser=self._lab.browser)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Measure one session of both sides; a run that did not visit its side is a wrong setup."""
        runs: dict[int, list[Run]] = {}
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            title = f", {('base', 'candidate')[side]}"
            runs[side] = self._lab.runs(self._benches[side], self._checks[check], number, self._size, title)
            own, other = self._addresses[side], self._addresses[1 - side]
            reasons = (astray(run, own, other) for run in runs[side] if run.outcome is Outcome.PASSED)
            if reason := _wrong(runs[side]) or next(filter(None, reasons), ""):
                return reason
        return session_of(runs[0]), session_of(runs[1])


class StoredBase:
    """A base that was measured before; the candidate is measured now."""

    def __init__(self, lab: Lab, checks: Sequence[Check], size: int) -> None:
        self._lab = lab
        self._all = list(checks)
        self._size = size
        self._base: dict[CheckId, Sequence[Session]] = {}
        self._elsewhere = False

    @property
    def checks(self) -> list[Check]:
        """Those that have a base."""
        return [check for check in self._all if check.id in self._base]

    def load_accepted(self, folder: Path) -> list[str]:
        """Take the accepted baselines as base; return what a reader must know.

        Raises:
            ConfigError: If a file cannot be read as a baseline.
            UsageError: no-baseline if no check has one.
        """
        notes = []
        here = fingerprint_here(f"chromium {self._lab.browser.version}")
        environments = {check.id: check.policy.environment for check in self._all}
        for path in sorted(folder.glob("*.json")):
            accepted = read_accepted(path)
            wanted = environments.get(accepted.check)
            if wanted == accepted.environment:
                self._base[accepted.check] = accepted.sessions
                if apart := here.differences(accepted.fingerprint):
                    self._elsewhere = True
                    notes.append(f"{path.name} was measured elsewhere ({'; '.join(apart)}): the margin is widened")
            elif wanted:
                notes.append(f"{path.name} was accepted in {accepted.environment}, not in {wanted}: it is left out")
        notes += [f"{one.id} has no accepted baseline" for one in self._all if one.id not in self._base]
        self._need_some(f"no accepted baseline in {folder} fits", "outrider baseline accept", notes)
        return notes

    def load_last(self, count: int, plan: Plan) -> list[str]:
        """Take the last `count` stored runs of each check as base; return what a reader must know.

        Raises:
            UsageError: no-baseline if no check has enough of them.
        """
        notes = []
        for check in self._all:
            sessions = sessions_of(stored_runs(self._lab.store, check, count), self._size)
            if len(sessions) >= MIN_SESSIONS:
                self._base[check.id] = sessions[-plan.looks[-1] :]
            else:
                notes.append(f"{check.id} has {len(sessions)} of at least {MIN_SESSIONS} sessions of {self._size} runs")
        self._need_some("no check has enough runs", f"outrider run --repeat {MIN_SESSIONS * self._size}", notes)
        return notes

    def fitted(self, rules: Rules) -> Rules:
        """Return rules whose looks end where the shortest base does, and whose margin knows of other machines."""
        cap = min([*map(len, self._base.values()), rules.plan.looks[-1]])
        looks = (*(look for look in rules.plan.looks if look < cap), cap)
        margin = max(rules.margin, ELSEWHERE_MARGIN) if self._elsewhere else rules.margin
        return replace(rules, margin=margin, plan=replace(rules.plan, looks=looks))

    def take(self, check: CheckId, number: int) -> tuple[Session, Session] | str:
        """Measure one session of the candidate beside a stored one."""
        assert self._lab.ready is not None
        chosen = next(one for one in self._all if one.id == check)
        runs = self._lab.runs(self._lab.ready, chosen, number, self._size)
        return _wrong(runs) or (self._base[check][number], session_of(runs))

    def _need_some(self, what: str, fix: str, notes: Sequence[str]) -> None:
        if not self._base:
            raise UsageError("; ".join([what, *notes]), slug="no-baseline", fix=fix)


def stored_runs(store: Store, check: Check, count: int) -> list[Run]:
    """Return the last runs of a check in its environment, in the order of time."""
    lines = [line for line in store.runs(check.id, limit=None) if line.environment == check.policy.environment]
    return [store.run(line.id).run for line in reversed(lines[:count])]


def self_test(lab: Lab, checks: Sequence[Check], size: int, rules: Rules) -> dict[str, float]:
    """Measure as many sessions of each check as the cap allows, twice, and return each step's share of false fails."""
    import numpy as np  # noqa: PLC0415 - only where used

    assert lab.ready is not None
    rates = {}
    for check in checks:
        sides: tuple[list[Session], list[Session]] = ([], [])
        for number in range(rules.plan.looks[-1]):
            for side in sides:
                runs = lab.runs(lab.ready, check, number, size)
                if reason := _wrong(runs):
                    raise UsageError(f"{check.id}: {reason}", slug="self-test", fix="let it pass first: outrider run")
                side.append(session_of(runs))
        for step in dict.fromkeys(step for session in sides[0] for step in session.durations):
            left, right = ([one.durations.get(step, ()) for one in side] for side in sides)
            rates[f"{check.id} {step}"] = false_fail_rate(left, right, np.random.default_rng(1), margin=rules.margin)
    return rates
