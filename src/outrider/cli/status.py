"""`outrider status`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at, console, name_of, outcome_text
from outrider.model import Outcome
from outrider.scheduler import is_dead

if TYPE_CHECKING:
    from outrider.store import Store

_STILL_US = 15_000_000


@click.command(epilog="Example: outrider status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> int:
    """Say what is watched, how each check did last, and how much of what was due happened.

    Exit code 3 if no service runs.
    """
    workspace = workspace_here()
    now_us = time.time_ns() // 1000
    with open_store(workspace) as store:
        told = _told(store, now_us, since_us=now_us - round(workspace.service.coverage_s * 1e6))
    if as_json:
        click.echo(json.dumps(told))
    else:
        _show(told)
    return 0 if told["running"] else 3


def _told(store: Store, now_us: int, *, since_us: int) -> dict[str, Any]:
    leader = store.schedule.leadership()
    runs = leader is not None and bool(leader.holder) and not is_dead(leader.holder)
    still = leader is not None and now_us - leader.at_us > _STILL_US
    waiting, leased = store.schedule.length()
    pauses = {one.check: one for one in store.schedule.pauses()}
    coverage = store.schedule.coverage(since_us)
    return {
        "running": runs and not still,
        "leader": "" if leader is None else leader.holder,
        "leader_seen_us": None if leader is None else leader.at_us,
        "queue": {"waiting": waiting, "running": leased},
        "paused": [asdict(one) for one in pauses.values()],
        "checks": [{**asdict(one), "outcome": one.outcome.value} for one in store.runs.latest()],
        "coverage": [{**asdict(one), "share": one.share} for one in coverage],
    }


def _show(told: dict[str, Any]) -> None:
    out = console()
    queue = told["queue"]
    state = "the service runs" if told["running"] else "no service runs: outrider up starts it"
    out.print(f"{state}; {queue['waiting']} runs wait, {queue['running']} are under way", highlight=False)
    shares: dict[str, tuple[int, int]] = {}
    for one in told["coverage"]:
        due, happened = shares.get(one["check"], (0, 0))
        shares[one["check"]] = (due + one["due"], happened + one["happened"])
    paused = {one["check"] for one in told["paused"]}
    table = Table(box=None, pad_edge=False)
    for title in ("check", "location", "last run", "due (UTC)", "coverage", "reason"):
        table.add_column(title, overflow="fold")
    for one in told["checks"]:
        due, happened = shares.get(one["check"], (0, 0))
        share = f"{happened / due:.1%}" if due else "-"
        outcome = Text("paused") if one["check"] in paused else outcome_text(Outcome(one["outcome"]))
        table.add_row(
            Text(name_of(one["check"])), one["location"], outcome, at(one["due_us"]), share, Text(one["reason"])
        )
    out.print(table if told["checks"] else "no runs yet")
