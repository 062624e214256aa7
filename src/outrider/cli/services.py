"""`outrider services`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from outrider.app import ServiceFacts, duration_s, find_workspace, lost_today, open_store, open_telemetry, satisfied_ms
from outrider.cli import service_tables as tables
from outrider.cli.echo import echo
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.app import Workspace

_OF_ONE = frozenset({"instances", "runtime", "statements"})
_NONE = {
    "rates": "no spans of that time",
    "dependencies": "no calls of that time (a minute is counted some two minutes after its end)",
    "deployments": "no new service.version of that time",
    "instances": "no spans of that time",
    "statements": "no calls to databases of that time",
    "runtime": "no metrics of its runtime of that time",
    "dropped": "everything of today was kept as it was sent",
}


@click.command(epilog="Example: outrider services checkout --show dependencies --since 6h")
@click.argument("service", default="")
@click.option(
    "--since", default="1h", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option(
    "--show",
    default="rates",
    show_default=True,
    type=click.Choice(list(_NONE)),
    help="What of them; instances, statements and runtime are those of one service, dropped is of all, today.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def services(service: str, *, since: float, show: str, as_json: bool) -> None:
    """Show rate, errors and durations of all services, or of the operations of one; without probers' traffic."""
    if show in _OF_ONE and not service:
        raise click.UsageError(f"name a service: outrider services SERVICE --show {show}")
    workspace = find_workspace()
    if show == "dropped":
        _print(list(lost_today(workspace.state)), tables.lost_table, asdict, show, as_json=as_json)
        return
    with open_telemetry(workspace) as telemetry:
        rows, table_of, json_of = _answer(workspace, ServiceFacts(telemetry, since, service), show, since)
    _print(rows, table_of, json_of, show, as_json=as_json)


def _print(
    rows: list[Any],
    table_of: Callable[[list[Any]], Any],
    json_of: Callable[[Any], object],
    show: str,
    *,
    as_json: bool,
) -> None:
    if as_json:
        echo(json.dumps([json_of(row) for row in rows]))
    elif rows:
        console().print(table_of(rows))
    else:
        echo(_NONE[show], err=True)


def _answer(
    workspace: Workspace, facts: ServiceFacts, show: str, since: float
) -> tuple[list[Any], Callable[[list[Any]], Any], Callable[[Any], object]]:
    """Return rows, and how they are shown as a table and as JSON."""
    zone, apdex_ms = workspace.timezone, satisfied_ms(workspace)
    match show:
        case "dependencies":
            return facts.dependencies(), lambda rows: tables.dependencies_table(rows, since), tables.dependency_json
        case "deployments":
            with open_store(workspace) as store:
                marks = facts.deployments(store.judgements.releases())
            return marks, lambda rows: tables.deployments_table(rows, zone), tables.deployment_json
        case "instances":
            return facts.instances(), lambda rows: tables.instances_table(rows, zone), tables.instance_json
        case "statements":
            return facts.statements(), tables.statements_table, asdict
        case "runtime":
            return facts.runtime(), tables.runtime_table, tables.runtime_json
        case _:
            with open_store(workspace) as store:
                moved = tables.by_operation(facts.moved(store.series))
            rates = facts.rates()
            title = "operation" if rates and rates[0].operation else "service"
            return (
                rates,
                lambda rows: tables.rates_table(rows, since, title, apdex_ms, moved),
                lambda row: tables.rates_json(row, apdex_ms, moved),
            )
