"""`outrider status`."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from outrider.app import display_name, find_workspace, open_store, service_status
from outrider.cli.run_tables import at, console, outcome_text, turn_text

if TYPE_CHECKING:
    from outrider.app import ServiceStatus


@click.command(epilog="Example: outrider status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> int:
    """Show whether the service runs, the last outcome of each check, and its coverage.

    Exit code 3 if no service runs.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        state = service_status(workspace, store)
    if as_json:
        click.echo(json.dumps(_as_json(state)))
    else:
        _print(state, workspace.timezone)
    return 0 if state.is_running else 3


def _as_json(state: ServiceStatus) -> dict[str, Any]:
    return {
        "running": state.is_running,
        "leader": state.leader,
        "leader_seen_us": state.leader_seen_us,
        "queue": {"waiting": state.waiting, "running": state.running},
        "turns": [
            {
                "check": turn.claim.check,
                "workspace": turn.workspace,
                "process": turn.pid,
                "claimed_us": turn.claimed_us,
                "began_us": turn.began_us,
            }
            for turn in state.turns
        ],
        "paused": [asdict(pause) for pause in {pause.check: pause for pause in state.pauses}.values()],
        "checks": [{**asdict(run), "outcome": run.outcome.value} for run in state.last_runs],
        "coverage": [{**asdict(coverage), "share": coverage.share} for coverage in state.coverage],
    }


def _print(state: ServiceStatus, timezone: str) -> None:
    out = console()
    service = "the service runs" if state.is_running else "no service runs: outrider up starts it"
    out.print(f"{service}; {state.waiting} runs wait, {state.running} are under way", highlight=False)
    for turn in state.turns:
        out.print(Text(f"on this host: {turn_text(turn, timezone)}"), soft_wrap=True)
    out.print(_table(state, timezone) if state.last_runs else "no runs yet")


def _table(state: ServiceStatus, timezone: str) -> Table:
    due: dict[str, int] = defaultdict(int)
    happened: dict[str, int] = defaultdict(int)
    for coverage in state.coverage:
        due[coverage.check] += coverage.due
        happened[coverage.check] += coverage.happened
    paused = {pause.check for pause in state.pauses}
    table = Table(box=None, pad_edge=False)
    for title in ("check", "location", "last run", f"due ({timezone})", "coverage", "reason"):
        table.add_column(title, overflow="fold")
    for run in state.last_runs:
        share = f"{happened[run.check] / due[run.check]:.1%}" if due[run.check] else "-"
        outcome = Text("paused") if run.check in paused else outcome_text(run.outcome)
        table.add_row(
            Text(display_name(run.check)), run.location, outcome, at(run.due_us, timezone), share, Text(run.reason)
        )
    return table
