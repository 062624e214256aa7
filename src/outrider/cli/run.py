"""`outrider run`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console

from outrider.app.discovery import nothing_to_run, wants_probes_only
from outrider.app.runtime import (
    Runtime,
    found_browser,
    judge_settings,
    open_runtime,
    open_store,
    remember,
    retention,
    workspace_here,
)
from outrider.baselines import Condition
from outrider.cli.telling import (
    console,
    deciding_attempt,
    name_of,
    outcome_text,
    repeat_table,
    run_as_json,
    run_table,
    step_table,
    timed_parts,
)
from outrider.model import BrowserError, Kind, exit_code
from outrider.runs import Judge, Runner
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.status import Status

    from outrider.model import Check, Run
    from outrider.runs import Judgement, Plan
    from outrider.store import Store

_MANY = 10  # runs above which only the steps of those that did not pass are shown


@click.command(epilog="Example: outrider run 'journeys/test_checkout.py' --repeat 5")
@click.argument("patterns", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else there.")
@click.option("--repeat", default=1, type=click.IntRange(1), metavar="N", help="Run each check N times.")
@click.option("--steps", is_flag=True, help="Show the steps of every run, however many there are.")
def run(patterns: tuple[str, ...], *, as_json: bool, repeat: int, steps: bool) -> int:
    """Run checks now, store the runs, and show outcomes and steps.

    A PATTERN is an id, a path, a name, a glob over them, or tag:WORD; without one everything runs that is enabled.
    Exit codes: 0 passed, 1 failed, 2 usage, 3 inconclusive, 4 setup error, 130 interrupted.
    """
    workspace = workspace_here()
    browser = None if wants_probes_only(patterns) else found_browser(workspace)
    usable = None if isinstance(browser, BrowserError) else browser
    progress = Progress(Console(stderr=True))
    with open_store(workspace) as store, open_runtime(workspace, browser=usable) as ready:
        progress.say("getting ready")
        discovery = ready.discover(patterns)
        for problem in discovery.problems:
            click.echo(str(problem), err=True)
        checks = [
            check for check in select(discovery.checks, patterns) if check.policy.enabled or _is_meant(check, patterns)
        ]
        if not checks:
            raise nothing_to_run(workspace, discovery.checks)
        remember(store, ready, discovery.checks)
        if isinstance(browser, BrowserError) and any(check.kind == Kind.JOURNEY for check in checks):
            raise browser
        try:
            runs = run_all(checks * repeat, ready, store, progress)
        finally:
            progress.stop()
        store.prune(time.time_ns() // 1000, retention(workspace))
    code = exit_code(one.outcome for one in runs)
    if as_json:
        click.echo(json.dumps({"exit_code": code, "runs": [run_as_json(one) for one in runs]}))
    else:
        tell(console(), runs, every_step=steps or (repeat == 1 and len(runs) <= _MANY))
        if repeat > 1:
            console().print()
            console().print(repeat_table(runs))
    return code


def _is_meant(check: Check, patterns: Sequence[str]) -> bool:
    """Tell whether patterns that match a disabled check mean it: a load is never made in passing."""
    return bool(patterns) and check.kind != Kind.LOAD


def run_all(checks: Sequence[Check], ready: Runtime, store: Store, progress: Progress) -> list[Run]:
    """Run the probes all at once and then the others one by one; return the runs in the order of the checks."""
    progress.total = len(checks)
    probes = [number for number, check in enumerate(checks) if check.kind == Kind.PROBE]
    others = [number for number, check in enumerate(checks) if check.kind != Kind.PROBE]
    runs: dict[int, Run] = {}
    if probes:
        progress.say(f"{len(probes)} probes")
        with ready.fleet(store) as fleet:
            found = fleet.run_all([checks[number] for number in probes], progress.finished)
        runs.update(zip(probes, found, strict=True))
        judge_runs(found, ready, store, progress)
    measures = ready.measures({checks[number].kind for number in others})
    runner = Runner(measures, store.runs, ready.scratch, ready.circumstances, progress)
    for number in others:
        progress.say(f"{progress.place} {checks[number].name}: waits for others on this host")
        with ready.turns.taken():
            if checks[number].kind == Kind.JOURNEY:
                ready.measure.prepare()
            runs[number] = runner.run(checks[number])
        progress.finished(runs[number])
        judge_runs([runs[number]], ready, store, progress)
    return [runs[number] for number in sorted(runs)]


def judge_runs(runs: Iterable[Run], ready: Runtime, store: Store, progress: Progress) -> None:
    """Say which steps of stored runs deviate from what they are expected to be."""
    if not ready.workspace.capabilities.judging:
        return
    judge = Judge(store, judge_settings(ready.workspace))
    for run in runs:
        for judgement in judge.judge(run):
            progress.judged(run, judgement)


def tell(out: Console, runs: Sequence[Run], *, every_step: bool) -> None:
    """Print outcomes and steps."""
    out.print(run_table(runs))
    for one in runs:
        attempt = deciding_attempt(one)
        if timed_parts(attempt) and (every_step or not one.outcome.is_good):
            out.print(f"\n{name_of(one.check)}", markup=False, highlight=False, style="bold")
            out.print(step_table(attempt))


class Progress:
    """Says on stderr what is going on: a spinner for people, a line a run for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._done = 0
        self.total = 0

    @property
    def place(self) -> str:
        """Which run it is, of how many."""
        return f"{self._done + 1}/{self.total}"

    def say(self, text: str) -> None:
        """Show what is being done now."""
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        self._status.update(text)

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Hear that an attempt starts."""
        kind = " for evidence" if plan.evidence else f", attempt {plan.number}" if plan.number > 1 else ""
        self.say(f"{self.place} {check.name}{kind}")

    def finished(self, run: Run) -> None:
        """Hear that a run is over."""
        place = self.place
        self._done += 1
        took_ms = (run.finished_us - run.started_us) / 1000
        self._console.print(
            f"{place:>7}", outcome_text(run.outcome), name_of(run.check), f"{took_ms:.0f} ms",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip

    def judged(self, run: Run, judgement: Judgement) -> None:
        """Hear what the judge says of a step; only what deviates is worth a line."""
        condition = judgement.signal.condition
        if condition in {Condition.DEGRADED, Condition.IMPROVED}:
            what = judgement.step or "failures"
            since = f" (last release: {judgement.release})" if judgement.release else ""
            self._console.print(
                f"{condition:>15} {name_of(run.check)} {what}: {judgement.signal.reason}{since}",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip

    def note(self, text: str) -> None:
        """Say something that is worth a line in a log."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Clear the line."""
        if self._status is not None:
            self._status.stop()
            self._status = None
