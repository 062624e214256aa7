"""`outrider judge`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from outrider.app.runtime import judge_settings, open_store, workspace_here
from outrider.baselines import Condition, Signal
from outrider.cli.telling import at, console, name_of
from outrider.model import UsageError
from outrider.runs import Judge, step_statuses

if TYPE_CHECKING:
    from outrider.runs import StepStatus

_STYLES = {
    Condition.DEGRADED: "bold red",
    Condition.IMPROVED: "cyan",
    Condition.LEARNING: "dim",
    Condition.STEADY: "green",
}
_ORDER = list(_STYLES)


@click.command(epilog="Example: outrider judge '*checkout*'")
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def judge(pattern: str, *, as_json: bool) -> None:
    """Say of each step whether it is steady, degraded, improved or still being learned, and why.

    PATTERN is a check's id, with * for any characters. What deviates comes first.
    """
    workspace = workspace_here()
    if not workspace.capabilities.judging:
        raise UsageError(
            "judging is switched off in outrider.toml",
            slug="switched-off",
            fix="set judging = true below [capabilities]",
        )
    with open_store(workspace) as store:
        judging = Judge(store, judge_settings(workspace))
        checks = [one.id for one in store.checks.all() if fnmatchcase(one.id, pattern)]
        found = [standing for check in checks for standing in step_statuses(store, judging, check)]
    found.sort(key=lambda one: _ORDER.index(one.judgement.signal.condition))
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found]))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("condition", "check", "step", "where", "last run (UTC)", "why"):
        table.add_column(title, overflow="fold")
    for one in found:
        condition = one.judgement.signal.condition
        release = f" (last release: {one.judgement.release})" if one.judgement.release else ""
        table.add_row(
            Text(condition, style=_STYLES[condition]),
            Text(name_of(one.check)),
            Text(one.judgement.step or "failures"),
            Text(f"{one.environment}, {one.location}"),
            at(one.at_us),
            Text(f"{one.judgement.signal.reason}{release if condition is Condition.DEGRADED else ''}"),
        )
    console().print(table if found else "no runs that passed yet: outrider run makes some")


def _as_json(one: StepStatus) -> dict[str, object]:
    signal = one.judgement.signal
    told: dict[str, object] = {
        "check": one.check,
        "step": one.judgement.step or None,
        "environment": one.environment,
        "location": one.location,
        "at_us": one.at_us,
        "release": one.judgement.release,
    }
    if isinstance(signal, Signal):
        told["since_us"] = None if signal.since is None else signal.since * 1_000_000
    return told | {name: _plain(value) for name, value in asdict(signal).items() if name not in {"since", "ignored"}}


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
