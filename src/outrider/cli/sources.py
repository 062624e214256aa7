"""`outrider sources`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, refused_queries, workspace_sources
from outrider.cli.echo import echo, warn
from outrider.model import printable

if TYPE_CHECKING:
    from outrider.model import SourceState


@click.command(epilog="Example: outrider sources")
@click.argument("names", nargs=-1)
@click.option("--list", "is_listing", is_flag=True, help="List them without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def sources(names: tuple[str, ...], *, is_listing: bool, as_json: bool) -> int:
    """Ask each source of [sources], or those named, whether it answers, and say what to do where one does not.

    Those of PromQL are asked what rules, panels and resources ask them, too: each query that one refuses is named.

    Exits with 1 if any does not answer, or refuses a query.
    """
    workspace = find_workspace()
    if workspace.sources:
        workspace.capabilities.require("sources", "asking sources")
    outside = workspace_sources(workspace)
    known = {state.name: state for state in (outside.states() if is_listing else outside.check())}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name!r} is none of {', '.join(known) or '[sources]'}", param_hint="'NAMES'")
    states = [known[name] for name in names or known]
    if as_json:
        echo(json.dumps([asdict(state) for state in states]))
    for state in () if as_json else states:
        _show(state, is_listing=is_listing)
    if not states:
        echo("no [sources] in outrider.toml", err=True)
    well = [] if is_listing else [state.name for state in states if not state.problem]
    refused = list(refused_queries(workspace, well)) if well else []
    for problem in refused:
        warn(printable(problem))
    return int(not is_listing and (bool(refused) or any(state.problem for state in states)))


def _show(state: SourceState, *, is_listing: bool) -> None:
    version = f", version {printable(state.version)}" if state.version else ""
    if is_listing:
        says = state.url
    elif state.took_ms is not None:
        says = f"answers in {state.took_ms:.0f} ms{version}"
    else:
        says = printable(state.problem)
    echo(f"{state.name}  {state.kind.value}  {says}")
    if state.problem and state.fix and not is_listing:
        echo(f"  {printable(state.fix)}")
