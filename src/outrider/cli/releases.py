"""`outrider releases`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s
from outrider.cli.echo import echo, warn
from outrider.cli.fitted_table import FittedTable, name_column, number_column, time_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at, console
from outrider.cli.server_option import chosen_backend
from outrider.model import share_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import ReleaseHealth

_DAY_S = 86_400.0


@click.command(epilog="Example: outrider releases --environment production --since 30d")
@click.option(
    "--since", default="14d", show_default=True, type=TypedValue("duration", duration_s),
    help="How far to look back, in whole days (UTC).",
)  # fmt: skip
@click.option("--environment", default="", help="Of this environment.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="Most releases.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def releases(*, since: float, environment: str, limit: int, as_json: bool) -> None:
    """Show what users' sessions say of releases: crash-free sessions and users, adoption, and new issues of each."""
    with chosen_backend() as backend:
        health, unknown = backend.errors.release_health(days=since / _DAY_S, environment=environment, limit=limit)
        timezone = "" if as_json else backend.timezone
    if as_json:
        shares = ("crash_free", "crash_free_users", "adoption")
        click.echo(json.dumps([asdict(own) | {name: getattr(own, name) for name in shares} for own in health]))
    elif health:
        console().print(_table(health, timezone))
    else:
        echo("no client has told of a session: docs/error-tracking.md#releases", err=True)
    if not health.is_complete:
        warn(f"there are more: --limit {limit * 2}")
    if unknown:
        warn(f"visits to pages are not counted: {unknown}")


def _table(health: Iterable[ReleaseHealth], timezone: str) -> FittedTable:
    figures = ("adoption", "sessions", "crash-free", "users", "crash-free users", "new issues")
    names = ("release", "service", "environment")
    table = FittedTable(*map(name_column, names), *map(number_column, figures), time_column(f"live since ({timezone})"))
    for own in health:
        table.add_row(
            own.release or "(others)", own.service, own.environment, share_text(own.adoption), f"{own.sessions:,}",
            share_text(own.crash_free), f"{own.users:,}", share_text(own.crash_free_users), f"{own.new_issues:,}",
            at(own.live_us, timezone) if own.live_us else "",
        )  # fmt: skip
    return table
