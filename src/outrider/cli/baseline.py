"""`outrider baseline`: what is accepted as normal, kept in git."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import (
    accept_baselines,
    compare_baselines,
    display_name,
    find_workspace,
    open_store,
    read_baselines,
    step_medians,
)
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column, text_column
from outrider.cli.run_tables import console
from outrider.model import counted, per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app import Accepted, StepShift


@click.group(epilog="Example: outrider run --repeat 100 && outrider baseline accept && git add baselines")
def baseline() -> None:
    """Accept baselines, and show the accepted ones."""


@baseline.command(epilog="Example: outrider baseline accept '*checkout*' --last 200")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option(
    "--last", default=100, show_default=True, type=click.IntRange(1, 100_000), help="Latest stored runs to accept."
)
@click.option("--runs", "size", default=5, show_default=True, type=click.IntRange(1, 1000), help="Runs in a session.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def accept(patterns: tuple[str, ...], *, last: int, size: int, as_json: bool) -> None:
    """Write the latest stored runs of checks to baselines/, a file a check, for `outrider gate`."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        acceptance = accept_baselines(workspace, store.runs, patterns, last=last, session_runs=size)
    written = acceptance.required()
    for check in acceptance.skipped:
        echo(f"{check.check}: {check.reason}\n  {check.fix}", err=True)
    if as_json:
        click.echo(json.dumps([{**asdict(file), "file": file.file.as_posix()} for file in written]))
        return
    for file in written:
        failed = f", {file.failed} of {file.runs} runs failed: is that normal?" if file.failed else ""
        echo(f"accepted  {file.file.as_posix()}  {counted(file.sessions, 'session')} of {size} runs{failed}")


@baseline.command(epilog="Example: outrider baseline show --json")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def show(patterns: tuple[str, ...], *, as_json: bool) -> None:
    """Show accepted baselines: when and where they were measured, and each step's median."""
    baselines = read_baselines(find_workspace(), patterns)
    if as_json:
        click.echo(json.dumps([_as_json(accepted) for accepted in baselines]))
        return
    for accepted in baselines:
        host = accepted.fingerprint
        name = display_name(accepted.check)
        echo(f"{name}  {accepted.accepted}  {accepted.release}  {host.cores} cores, {host.browser}")
        for step, median_ms in step_medians(accepted.sessions).items():
            echo(f"  {median_ms:8.1f} ms  {step}")
    if not baselines:
        echo("no accepted baselines: outrider baseline accept writes some", err=True)


@baseline.command(epilog="Example: outrider baseline diff --last 20")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option(
    "--last", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Latest stored runs to compare."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def diff(patterns: tuple[str, ...], *, last: int, as_json: bool) -> None:
    """Show what accepting now would change: each step's accepted median beside that of the latest runs."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        comparison = compare_baselines(workspace, store.runs, patterns, last=last)
    for check, path in comparison.orphans:
        echo(f"{check} exists no more: remove {path}", err=True)
    if as_json:
        click.echo(json.dumps([asdict(shift) for shift in comparison.shifts]))
        return
    console().print(_table(comparison.shifts) if comparison.shifts else "nothing to compare")


def _table(shifts: Sequence[StepShift]) -> FittedTable:
    table = FittedTable(
        name_column("check"),
        text_column("step"),
        number_column("accepted"),
        number_column("now"),
        number_column("change"),
    )
    for shift in shifts:
        change = "-" if shift.change is None else per_cent(shift.change, "+.1f")
        medians = (_milliseconds(shift.accepted_ms), _milliseconds(shift.now_ms))
        table.add_row(Text(display_name(shift.check)), Text(shift.step), *medians, change)
    return table


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _as_json(accepted: Accepted) -> dict[str, object]:
    return {
        "check": accepted.check,
        "environment": accepted.environment,
        "accepted": accepted.accepted,
        "release": accepted.release,
        "sessions": len(accepted.sessions),
        "median_ms": step_medians(accepted.sessions),
    }
