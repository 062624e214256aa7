"""`outrider silence`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from outrider.alerts import parse_matcher
from outrider.app.incident_lookup import me, now_us
from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at
from outrider.model import Silence, UsageError, new_run_id
from outrider.workspace import parse_duration

if TYPE_CHECKING:
    from outrider.store import Store

_SHORT_ID = 8


@click.command(epilog="Example: outrider silence 'check=~journeys/.*' --for 2h --comment 'new cart'")
@click.argument("matchers", nargs=-1)
@click.option("--for", "length", default="1h", show_default=True, help="For how long.")
@click.option("--from", "begin", metavar="TIME", help="From when on, ISO 8601; from now on if absent.")
@click.option("--comment", default="", help="Why.")
@click.option("--by", default="", help="Who says so; you, if absent.")
@click.option("--end", metavar="ID", help="End this silence now.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the silences.")
def silence(
    matchers: tuple[str, ...],
    *,
    length: str,
    begin: str | None,
    comment: str,
    by: str,
    end: str | None,
    as_json: bool,
) -> None:
    """Tell nobody of incidents whose labels fulfil all MATCHERS for a while; without matchers list the silences.

    A matcher is label=value, label!=value, label=~pattern or label!~pattern; labels are trouble, check, kind,
    environment, location, host, step, fault, tags, severity, incident and those of scheduler/alerts.toml.
    """
    now = now_us()
    wanted = tuple(str(parse_matcher(one)) for one in matchers)
    with open_store(workspace_here()) as store:
        if end:
            _end(store, end, now)
        elif wanted:
            starts = _microseconds(begin) if begin else now
            ends = starts + _length_us(length)
            store.silences.record(Silence(new_run_id(now), starts, ends, wanted, by or me(), comment))
        found = store.silences.ending_after(now)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        told = f"{at(one.starts_us)} to {at(one.ends_us)} UTC  {' '.join(one.matchers)}  {one.author}: {one.comment}"
        click.echo(f"{one.id[-_SHORT_ID:]}  {told}")
    if not found:
        click.echo("no silences", err=True)


def _end(store: Store, text: str, now: int) -> None:
    known = store.silences.ending_after(now)
    found = [one for one in known if one.id.startswith(text) or one.id.endswith(text)]
    if len(found) != 1:
        named = ", ".join(one.id[-_SHORT_ID:] for one in known) or "none"
        what = f'"{text}" is not the id of one silence'
        raise UsageError(what, slug="unknown-silence", fix=f"there are: {named}")
    store.silences.record(replace(found[0], ends_us=now))


def _length_us(text: str) -> int:
    try:
        return int(parse_duration(text) * 1_000_000)
    except ValueError as error:
        raise click.BadParameter(f'{error}; write "2h"', param_hint="--for") from None


def _microseconds(moment: str) -> int:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise click.BadParameter(f"{error}; write 2026-03-01T14:00:00+00:00", param_hint="--from") from None
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp() * 1_000_000)
