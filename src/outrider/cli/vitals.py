"""`outrider vitals`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s, find_workspace, now_us, open_store, open_telemetry
from outrider.app.lookup.real_user_facts import (
    VIEW_KEYS,
    api_lab_field,
    explanation,
    read_lab_field,
    read_vitals,
    real_user_filter,
    signed_figure,
    vital_text,
)
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note, note_column, number_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console

if TYPE_CHECKING:
    from outrider.app.lookup.real_user_facts import LabField, LabFields, ViewFilter, VitalRow


@click.command(epilog="Example: outrider vitals --by device --since 7d")
@click.option(
    "--by", type=click.Choice(VIEW_KEYS), metavar="KEY", default="page", show_default=True,
    help=f"By what: {', '.join(VIEW_KEYS)}.",
)  # fmt: skip
@click.option(
    "--since", default="1d", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option("--page", default="", help="Of this page.")
@click.option("--service", default="", help="Of this service.")
@click.option(
    "--lab", is_flag=True, help="Of pages that journeys open: theirs beside users', with the difference explained."
)
@click.option("--check", default="", help="With --lab: of this journey, by its id.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="Most rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def vitals(*, by: str, since: float, page: str, service: str, lab: bool, check: str, limit: int, as_json: bool) -> None:
    """Show what real users lived through: 75th percentiles of LCP, INP, CLS, FCP and TTFB, by page or else."""
    workspace, wanted = find_workspace(), real_user_filter(now_us(), since, page=page, service=service)
    with open_telemetry(workspace) as telemetry:
        if lab or check:
            with open_store(workspace) as store:
                view = read_lab_field(store, telemetry, wanted, check)
            _show_lab(view, wanted, as_json=as_json)
            return
        rows = read_vitals(telemetry, wanted, by, limit)
    if as_json:
        echo(json.dumps([asdict(row) for row in rows]))
    elif rows:
        console().print(_table(rows, by))
    else:
        echo("no page view of that time; how pages tell of users: docs/real-users.md", err=True)


def _show_lab(view: LabFields, wanted: ViewFilter, *, as_json: bool) -> None:
    if as_json:
        echo(json.dumps(asdict(api_lab_field(wanted, view))))
        return
    if not view.pages:
        echo("no journey opened such a page in that time", err=True)
    for page in view.pages:
        lab = page.lab
        took = "" if page.step_p75_ms is None else f", {page.step_p75_ms:,.0f} ms"
        out = console()
        out.print(note(f"{lab.place}: step {lab.step or '-'} of {lab.check} in {lab.location}{took}"))
        if page.conditions:
            out.print(note(f"seen with: {page.conditions}"))
        out.print(_lab_table(page))
    if view.more:
        echo(f"and {view.more} more pages: name one by --page or --check", err=True)


def _lab_table(page: LabField) -> FittedTable:
    names = ("journey", "runs", "users", "views", "difference")
    table = FittedTable(name_column("vital"), *map(number_column, names), note_column("explained by"))
    for own in page.vitals:
        apart = "-" if own.difference is None else signed_figure(own.vital, own.difference)
        sides = (f for share in (own.lab, own.field) for f in (vital_text(own.vital, share.p75), f"{share.count:,}"))
        table.add_row(own.vital.upper(), *sides, apart, "\n".join(explanation(own)))
    return table


def _table(rows: list[VitalRow], by: str) -> FittedTable:
    names = [vital.upper() for vital in rows[0].vitals]
    table = FittedTable(name_column(by), *map(number_column, [*names, "views", "sessions", "failing"]))
    for row in rows:
        figures = [vital_text(vital, share.p75) for vital, share in row.vitals.items()]
        counts = (row.views, row.sessions, row.failing)
        table.add_row(row.key or "(not said)", *figures, *(f"{count:,}" for count in counts))
    return table
