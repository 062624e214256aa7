"""`outrider run`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.app import display_name, find_workspace, ignored_variables, open_store, run_checks, write_failure_pages
from outrider.cli.progress import Progress
from outrider.cli.run_tables import (
    console,
    deciding_attempt,
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

_MANY = 10  # runs above which only the steps of those that did not pass are shown


@click.command(epilog="Example: outrider run 'journeys/test_checkout.py' --repeat 5")
@click.argument("patterns", nargs=-1)
@click.option("-k", "keyword", default="", metavar="EXPR", help="Only checks whose names fit: 'pay and not slow'.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else there.")
@click.option("--repeat", default=1, type=click.IntRange(1), metavar="N", help="Run each check N times.")
@click.option("--steps", is_flag=True, help="Show the steps of every run, however many there are.")
def run(patterns: tuple[str, ...], *, keyword: str, as_json: bool, repeat: int, steps: bool) -> int:
    """Run checks now, store the runs, and show outcomes and steps.

    A PATTERN is an id, a path, a name, a glob over them, a part of an id, or tag:WORD; without one, every enabled check
    runs. Exit codes: 0 passed, 1 failed, 2 usage, 3 inconclusive, 4 setup error, 130 interrupted.
    """
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.ignores(ignored_variables(workspace))
        runs = run_checks(workspace, store, patterns, keyword=keyword, repeat=repeat, listener=progress)
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


def _as_json(run: Run, pages: Mapping[RunId, Path]) -> dict[str, object]:
    return {**run_as_json(run), "page": str(pages[run.id]) if run.id in pages else None}


def _print_pages(out: Console, runs: Sequence[Run], pages: Mapping[RunId, Path]) -> None:
    """Print where the page of each failure lies, and how many have none."""
    for run in runs:
        if run.id in pages:
            text = f"\npage of {display_name(run.check)}:\n  {pages[run.id]}"
            out.print(text, markup=False, highlight=False, soft_wrap=True)
    left = sum(not run.outcome.is_good for run in runs) - len(pages)
    if pages and left > 0:
        out.print(f"{left} more did not pass; outrider report run RUN writes a page of one", markup=False)


def _render(out: Console, runs: Sequence[Run], *, every_step: bool) -> None:
    """Print outcomes and steps."""
    out.print(run_table(runs))
    for run in runs:
        attempt = deciding_attempt(run)
        if timed_parts(attempt) and (every_step or not run.outcome.is_good):
            out.print(f"\n{display_name(run.check)}", markup=False, highlight=False, style="bold")
            out.print(step_table(attempt))
