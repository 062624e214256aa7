"""`outrider project`: where errors are sent."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import (
    EVENTS_A_DAY,
    EVENTS_A_MINUTE,
    KeyRequest,
    add_project,
    add_project_key,
    duration_s,
    find_workspace,
    limit_project,
    list_project_keys,
    list_projects,
    now_us,
    open_store,
    revoke_project_key,
    rotate_project_key,
)
from outrider.app.errors.rum_tag import rum_tag
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at_with_zone, console
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from outrider.app import IssuedKey

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_MOST = click.IntRange(1, 10**12)


def _key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--origin", "origins", multiple=True, metavar="URL",
            help="A page's origin: the key is one for browsers. May be repeated; '*' for any page.",
        ),
        click.option(
            "--per-minute", type=_MOST, default=EVENTS_A_MINUTE, show_default=True,
            help="Events a minute that the key may send.",
        ),
        click.option("--per-address", type=click.IntRange(0, 10**12), help="The same of one address; 0 for no limit."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider project add checkout",
)
def project() -> None:
    """Add projects that errors are sent to, and manage their keys."""


@project.command(epilog="Example: outrider project add shop-web --origin https://shop.example")
@click.argument("service")
@click.option(
    "-e", "--environment", default="production", show_default=True, help="Environment of events that name none."
)
@click.option(
    "--per-day", type=_MOST, default=EVENTS_A_DAY, show_default=True, help="Events that are taken a day (UTC)."
)
@_key_options
@_JSON
def add(
    service: str, *, environment: str, per_day: int, origins: tuple[str, ...], per_minute: int,
    per_address: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Add a project of SERVICE, and print the DSN that Sentry's clients are set up with."""
    request = KeyRequest(origins, per_minute, per_address)
    workspace = find_workspace()
    with open_store(workspace) as store:
        issued = add_project(store, workspace, service, environment, per_day=per_day, key=request)
    _print_issued(issued, are_taken=workspace.errors is not None, as_json=as_json)


@project.command("list", epilog="Example: outrider project list --json")
@_JSON
def list_(*, as_json: bool) -> None:
    """List all projects."""
    with open_store(find_workspace()) as store:
        known = list_projects(store)
    if as_json:
        click.echo(json.dumps([asdict(project) for project in known]))
        return
    if known:
        table = FittedTable(
            number_column("project"), name_column("service"), name_column("environment"), number_column("events a day")
        )
        for entry in known:
            table.add_row(str(entry.id), entry.service, entry.environment, f"{entry.per_day:,}")
        console().print(table)
    else:
        echo("no projects: outrider project add SERVICE", err=True)


@project.command(epilog="Example: outrider project limit 1 --per-day 500000")
@click.argument("number", metavar="PROJECT", type=int)
@click.option("--per-day", type=_MOST, required=True, help="Events that are taken a day (UTC).")
def limit(number: int, *, per_day: int) -> None:
    """Change how many events PROJECT takes a day."""
    with open_store(find_workspace()) as store:
        changed = limit_project(store, number, per_day)
    echo(f"project {changed.id}, {changed.service}, takes {counted(changed.per_day, 'event')} a day")


@project.command(epilog="Example: outrider project keys 1")
@click.argument("number", metavar="PROJECT", type=int)
@_JSON
def keys(number: int, *, as_json: bool) -> None:
    """List the keys of PROJECT, with their DSNs."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = list_project_keys(store, workspace, number)
    if as_json:
        click.echo(json.dumps([_values(issued) for issued in known]))
        return
    for issued in known:  # by click itself: `echo` hides the key in an address
        state = _state(issued, workspace.timezone)
        click.echo(f"{state:24} {issued.key.purpose:8} {issued.dsn}  {' '.join(issued.key.origins)}")


@project.command("add-key", epilog="Example: outrider project add-key 1 --origin https://shop.example")
@click.argument("number", metavar="PROJECT", type=int)
@_key_options
@_JSON
def add_key(number: int, *, origins: tuple[str, ...], per_minute: int, per_address: int | None, as_json: bool) -> None:
    """Make a further key of PROJECT, and print its DSN."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        issued = add_project_key(store, workspace, number, KeyRequest(origins, per_minute, per_address))
    _print_issued(issued, are_taken=workspace.errors is not None, as_json=as_json)


@project.command(epilog="Example: outrider project rotate 1f0c9d --overlap 7d")
@click.argument("key")
@click.option(
    "--overlap", "overlap_s", type=TypedValue("duration", duration_s), default="7d", show_default=True,
    help="How long the old key stays valid.",
)  # fmt: skip
@_JSON
def rotate(key: str, *, overlap_s: float, as_json: bool) -> None:
    """Replace KEY, of which the beginning is enough, by a new one, and print its DSN."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        issued = rotate_project_key(store, workspace, key, overlap_s)
    _print_issued(issued, are_taken=workspace.errors is not None, as_json=as_json)


@project.command(epilog="Example: outrider project revoke 1f0c9d")
@click.argument("key")
def revoke(key: str) -> None:
    """End KEY, of which the beginning is enough: within seconds it sends nothing any more."""
    with open_store(find_workspace()) as store:
        revoked = revoke_project_key(store, key)
    echo(f"revoked {revoked.id} of project {revoked.project}")


@project.command(epilog="Example: outrider project snippet 1 --integrity")
@click.argument("number", metavar="PROJECT", type=int)
@click.option("--integrity", is_flag=True, help="Load this very script alone; an update of Outrider needs another tag.")
@_JSON
def snippet(number: int, *, integrity: bool, as_json: bool) -> None:
    """Print the tag by which pages of PROJECT tell what their users live through."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        tag = rum_tag(store, workspace, number, has_integrity=integrity)
    click.echo(json.dumps(asdict(tag)) if as_json else tag.html)
    if not as_json:
        echo(f"a Content Security Policy has to allow: {tag.policy}", err=True)


def _print_issued(issued: IssuedKey, *, are_taken: bool, as_json: bool) -> None:
    """Print the DSN alone on standard output, so that a script can keep it."""
    click.echo(json.dumps(_values(issued)) if as_json else issued.dsn)
    if not are_taken:
        echo("errors are not taken yet: add a section [errors] to outrider.toml, and restart outrider up", err=True)


def _values(issued: IssuedKey) -> dict[str, object]:
    return {"dsn": issued.dsn, **asdict(issued.key)}


def _state(issued: IssuedKey, timezone: str) -> str:
    ends_us = issued.key.expires_us
    if ends_us is None:
        return "valid"
    return f"until {at_with_zone(ends_us, timezone)}" if now_us() < ends_us else "ended"
