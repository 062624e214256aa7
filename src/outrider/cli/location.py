"""`outrider location`: places whose runs workers measure."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict

import click

from outrider.app import (
    add_location,
    broker_remains,
    broker_rights,
    duration_s,
    find_workspace,
    list_checks,
    list_locations,
    now_us,
    open_store,
    remove_location,
    unused_location_note,
)
from outrider.cli.echo import echo, warn
from outrider.cli.option_types import TypedValue
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at_with_zone
from outrider.model import OutriderError, counted


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider location add fra",
)
def location() -> None:
    """Add, list and remove places whose runs workers measure."""


@location.command(epilog="Example: outrider location add fra --expires 90d")
@click.argument("name")
@click.option(
    "--expires",
    "lifetime_s",
    type=TypedValue("duration", duration_s),
    help="After how long the token ends; never if absent.",
)
def add(name: str, *, lifetime_s: float | None) -> None:
    """Leave the runs of the location NAME to workers, and print a token for them: it is shown this once.

    For a location that is there already, it prints a further token, which is valid beside the others.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        issued = add_location(store, name, lifetime_s=lifetime_s)
    click.echo(issued.secret)
    server = f"there: OUTRIDER_TOKEN=… outrider worker --location {name} --server https://…"
    for line in (server, *broker_rights(workspace, name)):  # to be typed: nothing of them is secret, nor masked
        click.echo(line, err=True)
    echo(f"outrider tokens revoke {issued.token.id} ends it", err=True)
    with Progress() as progress, suppress(OutriderError):  # `outrider validate` says what is wrong with checks
        progress.progress("collecting checks")
        warn(unused_location_note(list_checks(workspace), name))


@location.command("list", epilog="Example: outrider location list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """List the locations and their workers."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = list_locations(store)
    if as_json:
        click.echo(json.dumps({name: [asdict(worker) for worker in workers] for name, workers in known.items()}))
        return
    for name, workers in known.items():
        alive = sum(worker.is_alive(now_us()) for worker in workers)
        echo(f"{name}: {counted(alive, 'live worker') if alive else 'no live worker, its runs are missed'}")
        for worker in workers:
            state = (
                "alive"
                if worker.is_alive(now_us())
                else f"silent since {at_with_zone(worker.seen_us, workspace.timezone)}"
            )
            offset = f"clock {-worker.clock_offset_us / 1e6:+.3f} s, corrected"
            late = f", {counted(worker.duplicates, 'result')} not taken" if worker.duplicates else ""
            echo(f"  {worker.name}  {state}, {counted(worker.held, 'run')} under way, {offset}{late}")
    if not known:
        echo("no locations with workers: outrider location add NAME", err=True)


@location.command(epilog="Example: outrider location remove fra")
@click.argument("name")
def remove(name: str) -> None:
    """Revoke the tokens of the location NAME; the service measures its runs itself again."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        revoked = remove_location(store, name)
    echo(f"removed {name}, revoked {counted(revoked, 'token')}; checks that name it run on this host from now on")
    for line in broker_remains(workspace, name):
        click.echo(line, err=True)
