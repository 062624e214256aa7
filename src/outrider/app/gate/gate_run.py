"""The gate: checks are measured against a base until every verdict is known."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.access.selection import display_name
from outrider.app.access.workspace_access import BASELINES, register_checks
from outrider.app.execution.discovery import nothing_to_run, wants_probes_only
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.app.gate.gate_history import keep_decision, keep_merged_decision
from outrider.app.gate.gate_session import GateSession, comparable, open_side
from outrider.app.gate.gate_sources import AgainstBases, SelfTest, SideBySide, accepted_bases, last_bases
from outrider.baselines import Plan
from outrider.gate import (
    Address,
    Decision,
    Limits,
    Rules,
    Shard,
    false_fails,
    gather,
    merge,
    read_shard,
    unnamed_steps,
)
from outrider.model import BrowserError, Place, UsageError, check_at_least
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.app.access.listeners import GateListener, ProgressListener
    from outrider.app.execution.runtime import Runtime
    from outrider.app.gate.gate_sources import StoredBases
    from outrider.gate import FalseFails, Gathered
    from outrider.model import Check, CheckId, ExecutionStore, GateRecords
    from outrider.workspace import Workspace


_MOST_MARGIN = 10.0
_MOST_FLOOR_MS = 3_600_000.0
_MOST_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What a gate compares, and what counts as worse.

    The base is what was accepted in `baselines/`, unless `addresses` or `last` names another.

    Attributes:
        rules: What counts as worse, and after how many sessions to look.
        session_runs: How many runs a session has.
        addresses: Of base and candidate, measured alternately.
        variable: With addresses: an environment variable that takes the address, beside pytest's base URL.
        last: Compare with so many of the latest stored runs.
        fail_fast: Stop at the first certain fail.
        budget_s: Give the best answer within this time.
        shard: Take only this part of the checks; a text such as "1/2" is the first of two.

    Raises:
        UsageError: bad-argument if `last`, `session_runs`, `budget_s` or `shard` is none.
    """

    rules: Rules = field(default_factory=Rules)
    session_runs: int = 5
    addresses: tuple[str, str] | None = None
    variable: str | None = None
    last: int | None = None
    fail_fast: bool = False
    budget_s: float | None = None
    shard: Shard | str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no option."""
        check_at_least("session_runs", self.session_runs, 1, most=_MOST_SESSIONS)
        if self.last is not None:
            check_at_least("last", self.last, 1)
        budget_s: object = self.budget_s
        if budget_s is not None and not (isinstance(budget_s, Real) and 0 <= float(budget_s) < math.inf):
            what = f"budget_s = {budget_s!r} is no number of seconds"
            raise UsageError(what, slug="bad-argument", fix="give budget_s a number of seconds from 0")
        _shard(self)


@dataclass(frozen=True, slots=True)
class GateResult:
    """A decision, and by check where it is written."""

    decision: Decision
    places: Mapping[str, Place]


def _shard(options: GateOptions) -> Shard | None:
    shard: object = options.shard
    if shard is None or isinstance(shard, Shard):
        return shard
    try:
        return Shard.of(str(shard))
    except ValueError:
        fix = 'write shard="2/4" for the second of four'
        raise UsageError(f"shard = {shard!r} is none", slug="bad-argument", fix=fix) from None


def rules_of(check: Check, rules: Rules) -> Rules:
    """Return the rules of a check: the steps that decide are those of its settings, unless the gate names some."""
    return rules if rules.deciding else replace(rules, deciding=check.policy.decides)


def gate_rules(
    *, margin: float = 0.05, floor_ms: float = 5.0, most_sessions: int = 20, deciding: Sequence[str] = ()
) -> Rules:
    """Return rules whose looks end at a number of sessions.

    Args:
        margin: Slowdown that is tolerated, as a share.
        floor_ms: Slowdown that is tolerated whatever its share.
        most_sessions: At least four.
        deciding: Patterns of the steps that decide; without any, all do.

    Raises:
        UsageError: bad-margin if a slowdown is negative; bad-argument.
    """
    slowdowns: tuple[tuple[str, object, float], ...] = (
        ("margin", margin, _MOST_MARGIN), ("floor_ms", floor_ms, _MOST_FLOOR_MS)
    )  # fmt: skip
    for name, slowdown, most in slowdowns:
        if not isinstance(slowdown, Real) or not 0 <= float(slowdown) <= most:
            fix = f"write margin from 0 to {_MOST_MARGIN:g}, 0.02 for 2 %, and floor_ms from 0 to {_MOST_FLOOR_MS:,.0f}"
            raise UsageError(f"{name} = {slowdown!r} is not a tolerable slowdown", slug="bad-margin", fix=fix)
    check_at_least("most_sessions", most_sessions, 4, most=_MOST_SESSIONS)
    looks = tuple(look for look in Plan().looks if look < most_sessions)
    plan = Plan(looks=(*looks, most_sessions))
    return Rules(margin=margin, floor_ms=floor_ms, plan=plan, deciding=tuple(deciding))


def run_gate(
    workspace: Workspace,
    store: GateRecords,
    patterns: Sequence[str] = (),
    options: GateOptions = GateOptions(),
    *,
    listener: GateListener = SILENT,
) -> GateResult:
    """Run checks until every verdict is known, and decide whether they got worse.

    Args:
        workspace: Whose checks.
        store: Where the runs go, in an environment of their own, and the decision.
        patterns: Which checks; all that are enabled without patterns.
        options: What they are compared with.
        listener: Follows the sessions.

    Raises:
        UsageError: no-checks, unknown-check, no-baseline, or an address that is none.
        BrowserError: If journeys are chosen and there is no browser.
    """
    began = time.monotonic()
    for address in options.addresses or ():
        Address.of(address)
    deadline = None if options.budget_s is None else began + options.budget_s
    limits = Limits(fail_fast=options.fail_fast, deadline=deadline)
    with _measuring(workspace, store, patterns, listener, options) as measuring:
        places = {str(check.id): Place(check.path, check.line) for check in measuring.checks}
        if not measuring.checks:
            decision = Decision((), tuple(measuring.notes))
        elif options.addresses:
            decision = _compare_addresses(measuring, options, options.addresses, limits)
        else:
            decision = _compare_bases(measuring, options, _bases(measuring, options), limits)
    shard = str(_shard(options) or "")
    decided = replace(decision, took_s=time.monotonic() - began, shard=shard)
    keep_decision(store.gates, decided, workspace.root, listener)
    return GateResult(decided, places)


def merge_gate_shards(files: Sequence[Path], listener: ProgressListener = SILENT) -> GateResult:
    """Return the decision of all shards of a gate, from the JSON of each.

    It is kept in the history of the workspace that the current folder lies in, if any, beside those of its shards.

    Raises:
        UsageError: bad-shard if a file is no shard's result, or shards are missing or come twice.
    """
    merged = merge([read_shard(file) for file in files])
    keep_merged_decision(merged.decision, listener)
    return GateResult(merged.decision, merged.places)


def self_test_gate(
    workspace: Workspace,
    store: ExecutionStore,
    patterns: Sequence[str] = (),
    options: GateOptions = GateOptions(),
    *,
    listener: GateListener = SILENT,
) -> FalseFails:
    """Compare the candidate with itself, and return how often the gate would fail it.

    Raises:
        UsageError: self-test if a check's setup is wrong; and as for `run_gate`.
    """
    import numpy as np  # noqa: PLC0415 - only where used

    rules = options.rules
    with (
        _measuring(workspace, store, patterns, listener, options) as measuring,
        open_side(measuring.runtime, store) as side,
    ):
        test = SelfTest(measuring.session, side, measuring.checks, size=options.session_runs)
        test.measure(rules.plan.looks[-1])
    listener.progress("dealing the sessions anew")
    deciding = {check.id: rules_of(check, rules) for check in measuring.checks}
    return false_fails(test.taken, {check: deciding[check] for check in test.taken}, np.random.default_rng(1))


@dataclass(frozen=True, slots=True)
class _Measuring:
    """What a gate measures with: the checks that are chosen and can be compared, all that are present, and notes."""

    session: GateSession
    runtime: Runtime
    checks: list[Check]
    present: tuple[Check, ...]
    notes: list[str]
    listener: GateListener


@contextmanager
def _measuring(
    workspace: Workspace,
    store: ExecutionStore,
    patterns: Sequence[str],
    listener: GateListener,
    options: GateOptions,
) -> Iterator[_Measuring]:
    browser = None if wants_probes_only(patterns) else browser_or_error(workspace)
    with open_runtime(workspace, browser=browser) as runtime:
        listener.progress("getting ready")
        discovery = runtime.discover()
        chosen = [check for check in select(discovery.checks, patterns) if patterns or check.policy.enabled]
        shard = _shard(options)
        part = shard.part(chosen) if shard else chosen
        checks, notes = comparable(part, options.addresses)
        if chosen and not part:
            notes.append(f"no check falls to shard {options.shard}: there are {len(chosen)}")
        elif not checks and notes and not options.shard:
            raise UsageError("; ".join(notes), slug="no-checks", fix="name others")
        elif not checks and not notes:
            raise nothing_to_run(workspace, discovery.checks)
        runtime.require_browser(checks)
        register_checks(store.checks, workspace, discovery.checks)
        usable = None if isinstance(browser, BrowserError) else browser
        session = GateSession(workspace, usable, store, listener)
        yield _Measuring(session, runtime, checks, discovery.checks, notes, listener)


def _compare_addresses(
    measuring: _Measuring, options: GateOptions, addresses: tuple[str, str], limits: Limits
) -> Decision:
    rules: dict[CheckId, Rules] = {check.id: rules_of(check, options.rules) for check in measuring.checks}
    with SideBySide(measuring.session, measuring.checks, addresses, options.session_runs, options.variable) as source:
        gathered = gather(rules, source, measuring.listener.looked, limits)
    against = f"{addresses[0]}, alternating with {addresses[1]}"
    return _decision(gathered, against, measuring.notes, _unnamed(gathered, measuring.checks, options))


def _bases(measuring: _Measuring, options: GateOptions) -> StoredBases:
    """Return what to compare with; a shard whose checks have nothing leaves the verdict to the others."""
    session, checks = measuring.session, measuring.checks
    if options.last:
        bases = last_bases(session, checks, options.rules, options.session_runs, options.last)
    else:
        bases = accepted_bases(session, checks, measuring.present, session.workspace.root / BASELINES)
    return bases if options.shard else bases.needed()


def _compare_bases(measuring: _Measuring, options: GateOptions, bases: StoredBases, limits: Limits) -> Decision:
    checks = [check for check in measuring.checks if check.id in bases.bases]
    rules = {check.id: bases.bases[check.id].fitted(rules_of(check, options.rules)) for check in checks}
    with open_side(measuring.runtime, measuring.session.store) as side:
        source = AgainstBases(measuring.session, side, checks, bases=bases, size=options.session_runs)
        gathered = gather(rules, source, measuring.listener.looked, limits)
    notes = [*measuring.notes, *bases.notes]
    return _decision(gathered, bases.against, notes, _unnamed(gathered, checks, options))


def _unnamed(gathered: Gathered, checks: Sequence[Check], options: GateOptions) -> list[str]:
    """Return which names of deciding steps, of the command line or else of the settings, are of no step at all."""
    if options.rules.deciding:
        return unnamed_steps(gathered.comparisons, options.rules.deciding)
    unnamed = []
    for pattern in dict.fromkeys(pattern for check in checks for pattern in check.policy.decides):
        meant = {check.id for check in checks if pattern in check.policy.decides}
        compared = [comparison for comparison in gathered.comparisons if comparison.check in meant]
        unnamed += unnamed_steps(compared, [pattern])
    return unnamed


def _decision(gathered: Gathered, against: str, notes: Sequence[str], unnamed: Sequence[str]) -> Decision:
    wrong = [f"{display_name(check)}: {reason}" for check, reason in gathered.wrong.items()]
    wrong += unnamed
    unmatched = (f"{display_name(check)}: {text}" for check, texts in gathered.unmatched.items() for text in texts)
    stopped = [str(gathered.stopped)] if gathered.stopped else []
    return Decision(
        gathered.comparisons, (*notes, *unmatched, *stopped), tuple(wrong), against, check_s=gathered.took_s
    )
