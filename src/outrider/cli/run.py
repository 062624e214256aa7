"""`outrider run`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.app import (
    debug_check,
    display_name,
    find_workspace,
    ignored_variables,
    open_store,
    run_checks,
    shown_attempt,
    watch_checks,
    write_failure_pages,
)
from outrider.cli.completed_names import complete_checks
from outrider.cli.fitted_table import heading, note
from outrider.cli.progress import Progress
from outrider.cli.run_tables import (
    console,
    repeat_table,
    run_as_json,
    run_table,
    step_table,
    timed_parts,
)
from outrider.model import exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from outrider.model import Run, RunId

_SHOWN_FILES = 5
_MANY = 10  # runs above which only the steps of those that did not pass are shown


@click.command(epilog="Example: outrider run journeys/test_checkout.py --steps")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option("-k", "keyword", default="", metavar="EXPR", help="Only checks whose names fit: 'pay and not slow'.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else there.")
@click.option("--repeat", default=1, type=click.IntRange(1, 1_000_000), metavar="N", help="Run each check N times.")
@click.option("--steps", is_flag=True, help="Show the steps of every run, however many there are.")
@click.option("--headed", is_flag=True, help="Show the browser: outrider run --headed -k pay. Kept apart, as a trial.")
@click.option("--watch", is_flag=True, help="Run again when a file is saved: outrider run --watch -k pay. Trials, too.")
@click.option("--debug", is_flag=True, help="One journey under Playwright's inspector: outrider run --debug -k pay.")
def run(
    patterns: tuple[str, ...],
    *,
    keyword: str,
    as_json: bool,
    repeat: int,
    steps: bool,
    headed: bool,
    watch: bool,
    debug: bool,
) -> int:
    """Run checks now, store the runs, and show outcomes and steps.

    A PATTERN is an id, a path, a name, a glob over them, a part of an id, or tag:WORD; without one, every enabled check
    runs. Of a run that did not pass a page is written, and its path printed. Trials are stored in an environment of
    their own; a debugged run is not stored.
    """
    if (watch or debug) and (as_json or repeat > 1 or (watch and debug)):
        raise click.UsageError("--watch and --debug exclude each other, --json and --repeat")
    workspace = find_workspace()
    if debug:
        with Progress() as progress:
            return debug_check(workspace, patterns, keyword=keyword, listener=progress)
    with open_store(workspace, to_write=True) as store, _RunProgress() as progress:
        progress.ignores(ignored_variables(workspace))
        if watch:
            watch_checks(workspace, store, patterns, keyword=keyword, headed=headed, listener=progress)
            return 0
        runs = run_checks(workspace, store, patterns, keyword=keyword, repeat=repeat, headed=headed, listener=progress)
        pages = write_failure_pages(workspace, store, runs, listener=progress)
    code = exit_code(run.outcome for run in runs)
    if as_json:
        click.echo(json.dumps({"exit_code": code, "runs": [_as_json(run, pages) for run in runs]}))
        return code
    _render(console(), runs, every_step=steps or (repeat == 1 and len(runs) <= _MANY))
    if repeat > 1:
        console().print()
        console().print(repeat_table(runs))
    _print_pages(console(), runs, pages)
    return code


class _RunProgress(Progress):
    """Prints the progress of runs, and of a watch each time that something changed."""

    def changed(self, files: Sequence[str]) -> None:
        """Print which files changed."""
        shown = ", ".join(files[:_SHOWN_FILES])
        self.note(f"\nchanged: {shown}{f' and {len(files) - _SHOWN_FILES} more' if len(files) > _SHOWN_FILES else ''}")

    def ran(self, runs: Sequence[Run]) -> None:
        """Print outcomes and steps, and that the next change is waited for."""
        self.stop()
        if runs:
            _render(console(), runs, every_step=len(runs) <= _MANY)
        self.note("waiting for a file to be saved; Ctrl-C ends it")


def _as_json(run: Run, pages: Mapping[RunId, Path]) -> dict[str, object]:
    return {**run_as_json(run), "page": str(pages[run.id]) if run.id in pages else None}


def _print_pages(out: Console, runs: Sequence[Run], pages: Mapping[RunId, Path]) -> None:
    """Print where the page of each failure lies, and how many have none."""
    for run in runs:
        if run.id in pages:
            out.print()
            out.print(heading(f"page of {display_name(run.check)}:", ""))
            out.print(f"  {pages[run.id]}", markup=False, highlight=False, soft_wrap=True)
    left = sum(not run.outcome.is_good for run in runs) - len(pages)
    if pages and left > 0:
        out.print(note(f"{left} more did not pass; outrider report run RUN writes a page of one", 0))


def _render(out: Console, runs: Sequence[Run], *, every_step: bool) -> None:
    """Print outcomes and steps."""
    out.print(run_table(runs))
    for run in runs:
        attempt = shown_attempt(run)
        if timed_parts(attempt) and (every_step or not run.outcome.is_good):
            out.print()
            out.print(heading(display_name(run.check)))
            out.print(step_table(attempt))
