"""`outrider ls`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, format_duration, list_checks, suite_notes
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, place_column, text_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import console
from outrider.cli.server_option import chosen_server

if TYPE_CHECKING:
    from outrider.model import Check


@click.command(epilog="Example: outrider ls 'tag:money' --json")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def ls(patterns: tuple[str, ...], *, as_json: bool) -> None:
    """List the checks of the workspace and the policy that each runs under."""
    checks = _own_checks(patterns) if (server := chosen_server()) is None else server.checks(patterns)
    if as_json:
        click.echo(json.dumps([_as_json(check) for check in checks]))
        return
    table = FittedTable(name_column(""), "", place_column(""), place_column(""), text_column(""))
    for check in checks:
        policy = check.policy
        tags = " ".join(sorted(policy.tags | check.marks))
        state = f"every {format_duration(policy.every_s)}" if policy.enabled else "off"
        table.add_row(check.id, state, policy.environment, ",".join(policy.locations), tags)
    if checks:
        console().print(table)
    else:
        echo("no checks: put a pytest-playwright test into journeys/, or a probe into probes/", err=True)


def _own_checks(patterns: tuple[str, ...]) -> tuple[Check, ...]:
    """Return the checks of the workspace, without its store."""
    workspace = find_workspace()
    with Progress() as progress:
        progress.progress("collecting checks")
        checks = list_checks(workspace, patterns, progress.progress)
    for note in suite_notes(workspace):
        echo(f"note: {note}", err=True)
    return checks


def _as_json(check: Check) -> dict[str, object]:
    policy = check.policy
    return {
        "id": check.id,
        "kind": check.kind,
        "path": check.path,
        "name": check.name,
        "title": check.title,
        "labels": dict(policy.labels),
        "line": check.line,
        "every_s": policy.every_s,
        "timeout_s": policy.timeout_s,
        "retries": policy.retries,
        "evidence": policy.evidence,
        "locations": list(policy.locations),
        "environment": policy.environment,
        "tags": sorted(policy.tags | check.marks),
        "enabled": policy.enabled,
        "session": policy.session,
    }
