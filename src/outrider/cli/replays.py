"""`outrider replays`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s, find_workspace, now_us, open_store
from outrider.app.records.replay_facts import ReplayQuery, api_replay, api_replays, delete_replay, replay_parts
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column, text_column, time_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at, console
from outrider.model import UsageError, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.records.replay_facts import ReplayBody, ReplayPage
    from outrider.model import ReplaySegment, ReplaySummary

_US = 1_000_000


@click.command(epilog="Example: outrider replays --since 7d")
@click.argument("session", required=False)
@click.option(
    "--since", default="1d", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option("--page", default="", help="With this text in an address of a page.")
@click.option("--project", default=0, type=click.IntRange(0, 2**31 - 1), help="Of this project.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Most replays.")
@click.option("--delete", is_flag=True, help="Delete the replay of SESSION, and its contents at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replays(
    session: str | None, *, since: float, page: str, project: int, limit: int, delete: bool, as_json: bool
) -> None:
    """List replays of sessions, or show which parts are kept of that of SESSION; the pages play them."""
    if delete and session is None:
        raise UsageError("--delete needs a session", slug="bad-parameter", fix="outrider replays lists them")
    workspace = find_workspace()
    with open_store(workspace, to_write=delete) as store:
        if delete and session is not None:
            echo(f"deleted {counted(delete_replay(store, session), 'part')}")
            return
        if session is not None:
            parts = replay_parts(store.replays, session)
            _show(api_replay(parts) if as_json else _parts_table(parts, workspace.timezone))
            return
        now = now_us()
        query = ReplayQuery(now - round(since * _US), now + _US, page, project)
        if as_json:
            _show(api_replays(store.replays, query, limit))
        elif rows := store.replays.latest(query, limit=limit):
            _show(_table(rows, workspace.timezone))
        else:
            echo("no replay of that time is kept", err=True)


def _show(answer: ReplayBody | ReplayPage | FittedTable) -> None:
    if isinstance(answer, FittedTable):
        console().print(answer)
    else:
        echo(json.dumps(asdict(answer)))


def _table(rows: Sequence[ReplaySummary], timezone: str) -> FittedTable:
    table = FittedTable(
        text_column("session"), time_column("began"), number_column("seconds"), number_column("parts"),
        number_column("kB"), name_column("page"),
    )  # fmt: skip
    for row in rows:
        seconds, size = (row.end_us - row.start_us) / _US, row.bytes / 1000
        table.add_row(
            row.session, at(row.start_us, timezone), f"{seconds:,.0f}", str(row.parts), f"{size:,.0f}", row.page
        )
    return table


def _parts_table(parts: Sequence[ReplaySegment], timezone: str) -> FittedTable:
    table = FittedTable(
        text_column("recording"), number_column("part"), time_column("began"), number_column("events"),
        number_column("kB"), name_column("page"),
    )  # fmt: skip
    for part in parts:
        table.add_row(
            part.recording, str(part.number), at(part.start_us, timezone), str(part.events),
            f"{part.content_bytes / 1000:,.1f}", part.page,
        )  # fmt: skip
    return table
