"""Runs of a workspace's checks, made now in this process, stored and judged."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import judge_settings, prune_expired, register_checks
from outrider.app.execution.discovery import nothing_to_run, wants_probes_only
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.journeys import require_display
from outrider.model import Kind, counted
from outrider.runs import TRIAL_SUFFIX, Judge, Runner, is_kept_apart
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from outrider.app.access.listeners import ProgressListener, RunListener
    from outrider.app.execution.runtime import Runtime
    from outrider.model import Check, ExecutionStore, JudgeHistory, Run
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Selected:
    """The checks that are to run, all that the workspace has, and what runs them."""

    runtime: Runtime
    checks: tuple[Check, ...]
    present: tuple[Check, ...]


def run_checks(
    workspace: Workspace,
    store: ExecutionStore,
    patterns: Sequence[str] = (),
    *,
    keyword: str = "",
    repeat: int = 1,
    headed: bool = False,
    listener: RunListener = SILENT,
) -> list[Run]:
    """Run checks now, and return the stored runs in the order of the checks.

    Args:
        workspace: Whose checks.
        store: Where the runs go; expired data is pruned afterwards.
        patterns: Ids, paths, names, globs over them, parts of ids, or tag:WORD; none means everything that is enabled.
        keyword: An expression over names, as pytest's `-k` takes it.
        repeat: How often each check runs.
        headed: Whether journeys run in a browser that shows itself; what they measure is kept apart, as a trial.
        listener: Follows the runs; takes the problems of files that do not hinder them.

    Raises:
        UsageError: no-checks, unknown-check, no-display.
        BrowserError: If journeys are chosen and there is no browser.
        ConfigError: If a secret is missing, or the workspace cannot be copied.
    """
    if headed:
        require_display("outrider run --headed", "leave --headed away: runs record screenshots, video and trace")
    with open_selected(workspace, patterns, is_runnable, listener, keyword=keyword, headed=headed) as selected:
        register_checks(store.checks, workspace, selected.present)
        selected.runtime.require_browser(selected.checks)
        checks = tuple(map(trial_of, selected.checks)) if headed else selected.checks
        runs = execute(checks * repeat, selected.runtime, store, listener)
        prune_expired(store, workspace)
    return runs


@contextmanager
def open_selected(
    workspace: Workspace,
    patterns: Sequence[str],
    is_wanted: Callable[[Check, Sequence[str]], bool],
    listener: ProgressListener = SILENT,
    *,
    keyword: str = "",
    headed: bool = False,
) -> Iterator[Selected]:
    """Open a runtime, and choose the checks that patterns match.

    Args:
        workspace: Whose checks.
        patterns: What is wanted; a browser is searched for unless that can be nothing but probes.
        is_wanted: Whether a check that matches is to run.
        listener: Takes the problems of files.
        keyword: An expression over names; empty for none.
        headed: Whether the browser shows itself.

    Raises:
        UsageError: no-checks, unknown-check, bad-expression.
    """
    browser = None if wants_probes_only(patterns) else browser_or_error(workspace, with_window=headed)
    with open_runtime(workspace, browser=browser, headed=headed) as runtime:
        listener.progress("getting ready")
        if runtime.may_mean_journeys(patterns):
            runtime.workers.start_browser_ahead()
        discovery = runtime.discover(patterns, listener.progress)
        chosen = discovery.checks
        try:
            chosen = select(discovery.checks, patterns, keyword)
        finally:
            for problem in discovery.problems_of(chosen):
                listener.problem(problem)
        checks = tuple(check for check in chosen if is_wanted(check, patterns))
        if not checks:
            raise nothing_to_run(workspace, discovery.checks)
        yield Selected(runtime, checks, discovery.checks)


def execute(
    checks: Sequence[Check], runtime: Runtime, store: ExecutionStore, listener: RunListener = SILENT
) -> list[Run]:
    """Run the probes all at once and then the others one by one; return the runs in the order of the checks.

    Raises:
        StoreError: If a run cannot be stored.
    """
    listener.started(len(checks))
    probes = [number for number, check in enumerate(checks) if check.kind == Kind.PROBE]
    others = [number for number, check in enumerate(checks) if check.kind != Kind.PROBE]
    runs: dict[int, Run] = {}
    if probes:
        listener.progress(counted(len(probes), "probe"))
        with runtime.fleet(store.heartbeats, store.runs) as fleet:
            probe_runs = fleet.run_all([checks[number] for number in probes], listener.finished)
        runs.update(zip(probes, probe_runs, strict=True))
        judge_runs(probe_runs, runtime.workspace, store, listener)
    measures = runtime.measures({checks[number].kind for number in others})
    runner = Runner(measures, store.runs, runtime.scratch, runtime.circumstances, listener, redactor=runtime.redactor)
    for number in others:
        with runtime.turn(checks[number], listener):
            if checks[number].kind == Kind.JOURNEY:
                runtime.measure.prepare(checks[number])
            runs[number] = runner.run(checks[number])
        listener.finished(runs[number])
        judge_runs([runs[number]], runtime.workspace, store, listener)
    return [runs[number] for number in sorted(runs)]


def judge_runs(runs: Iterable[Run], workspace: Workspace, store: JudgeHistory, listener: RunListener = SILENT) -> None:
    """Judge stored runs, unless judging is off or they are kept apart; the listener takes the judgements."""
    if not workspace.capabilities.judging:
        return
    judge = Judge(store, judge_settings(workspace))
    for run in (run for run in runs if not is_kept_apart(run.environment)):
        for judgement in judge.judge(run):
            listener.judged(run, judgement)


def trial_of(check: Check) -> Check:
    """Return a check whose runs are stored in an environment of their own, which nobody watches and nothing judges."""
    environment = f"{check.policy.environment}{TRIAL_SUFFIX}"
    return replace(check, policy=replace(check.policy, environment=environment))


def is_runnable(check: Check, patterns: Sequence[str]) -> bool:
    """Return whether a check that matches is to run: a disabled one only if named, and a load never in passing."""
    return check.policy.enabled or (bool(patterns) and check.kind != Kind.LOAD)
