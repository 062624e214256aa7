"""`outrider dashboards`: those that the workspace writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import (
    answer_dashboard,
    api_dashboard,
    api_dashboards,
    find_workspace,
    list_checks,
    read_dashboards,
)
from outrider.cli.dashboard_panels import panel_lines
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note_column, number_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at_with_zone, console

if TYPE_CHECKING:
    from outrider.app import Workspace
    from outrider.model import Check

_SPANS = ("1h", "6h", "1d", "7d", "30d")


@click.group(invoke_without_command=True, epilog="Example: outrider dashboards")
@click.pass_context
def dashboards(context: click.Context) -> None:
    """List the dashboards of reports/dashboards, check their files, and show what they show."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@dashboards.command("list", epilog="Example: outrider dashboards list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool = False) -> None:
    """List the dashboards."""
    files = read_dashboards(find_workspace())
    if as_json:
        echo(json.dumps([asdict(item) for item in api_dashboards(files).items]))
        return
    table = FittedTable(name_column("name"), *map(number_column, ("panels", "problems")), note_column("title"))
    for file in files:
        table.add_row(file.name, str(len(file.panels)), str(len(file.problems)), file.title)
    if files:
        console().print(table)
    else:
        echo("no dashboards: write reports/dashboards/NAME.toml, docs/dashboard.md", err=True)


@dashboards.command(epilog="Example: outrider dashboards validate")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the problems.")
def validate(names: tuple[str, ...], *, as_json: bool) -> int:
    """Check the files of all dashboards, or of some, and report ALL problems: where, what, and what to do."""
    workspace = find_workspace()
    files = read_dashboards(workspace, names, _checks(workspace))
    problems = [problem for file in files for problem in file.problems]
    if as_json:
        rows = [
            {"where": str(problem.where or ""), "problem": problem.what, "fix": problem.fix, "slug": problem.slug}
            for problem in problems
        ]
        echo(json.dumps(rows))
    else:
        for problem in problems:
            echo(problem, err=True)
        click.echo(f"{_counted(len(files), 'dashboard')}, {_counted(len(problems), 'problem')}")
    return problems[0].exit_code if problems else 0


@dashboards.command(epilog="Example: outrider dashboards show shop --since 6h --set service=payment")
@click.argument("name")
@click.option("--since", type=click.Choice(_SPANS), help="The time that is shown; that of the file if absent.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A value of a variable; empty for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, *, since: str | None, values: tuple[str, ...], as_json: bool) -> None:
    """Show what the dashboard NAME shows now; a trend as its least, median, greatest and last value."""
    if wrong := [value for value in values if "=" not in value]:
        raise click.UsageError(f"{wrong[0]!r} is no NAME=VALUE")
    workspace = find_workspace()
    chosen = {variable: value for variable, _, value in (text.partition("=") for text in values)}
    view = answer_dashboard(workspace, name, _checks(workspace), since=since or "", chosen=chosen)
    if as_json:
        echo(json.dumps(asdict(api_dashboard(view))))
        return
    until = at_with_zone(view.span.until_s * 10**6, workspace.timezone)
    echo(f"{view.file.title}, {view.span.name} until {until}")
    for choice in view.choices:
        echo(f"{choice.variable.name}: {choice.chosen or 'all'}")
    for answer in view.answers:
        echo("")
        for line in panel_lines(answer):
            console().print(line)


def _counted(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


def _checks(workspace: Workspace) -> tuple[Check, ...]:
    with Progress() as progress:
        return list_checks(workspace, (), progress.progress)
