"""`outrider silence`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s, moment_us
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, note_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at_with_zone, console, short
from outrider.cli.server_option import chosen_backend
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.app import SilenceEffect


def _sentence(effect: SilenceEffect) -> str:
    """Return what a silence mutes, or how to make one that mutes something."""
    if not effect.incidents and not effect.checks:
        return f"warning: matches no check and no open incident; labels are {', '.join(effect.labels)}"
    return f"mutes {counted(effect.incidents, 'open incident')} and {counted(effect.checks, 'check')}"


@click.command(epilog="Example: outrider silence 'kind=journey' --for 2h --comment 'new cart'")
@click.argument("matchers", nargs=-1)
@click.option(
    "--for", "length_s", default="1h", show_default=True, type=TypedValue("duration", duration_s), help="For how long."
)
@click.option(
    "--from", "starts_us", metavar="TIME", type=TypedValue("time", moment_us),
    help="When it starts, ISO 8601; now if absent.",
)  # fmt: skip
@click.option("--comment", default="", help="Why.")
@click.option("--by", default="", help="Who silences them; the current user if absent.")
@click.option("--end", metavar="ID", help="End this silence now.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the silences.")
def silence(
    matchers: tuple[str, ...],
    *,
    length_s: float,
    starts_us: int | None,
    comment: str,
    by: str,
    end: str | None,
    as_json: bool,
) -> None:
    """Silence incidents whose labels match all MATCHERS; without matchers list the silences.

    A matcher is label=value, label!=value, label=~pattern or label!~pattern. Labels are problem (failure,
    degradation, coverage, ...), check, kind (journey, probe, load), tag, environment, location, host, step, fault,
    severity, incident, and those of your checks and of scheduler/alerts.toml. A pattern matches the whole value:
    'check=~journey:journeys/.*'.
    """
    effect = None
    with chosen_backend() as backend:
        if end:
            backend.end_silence(end)
        elif matchers:
            effect = backend.silence(matchers, length_s=length_s, starts_us=starts_us, author=by, comment=comment)
        silences = backend.silences()
        timezone = "" if as_json else backend.timezone
    if effect is not None:
        click.echo(_sentence(effect), err=as_json or not (effect.incidents or effect.checks))
    if as_json:
        click.echo(json.dumps([asdict(silence) for silence in silences]))
        return
    table = FittedTable("", "", note_column(""))
    for listed in silences:
        span = " to ".join(at_with_zone(us, timezone) for us in (listed.starts_us, listed.ends_us))
        table.add_row(short(listed.id), span, f"{' '.join(listed.matchers)}  {listed.author}: {listed.comment}")
    if silences:
        console().print(table)
    else:
        echo("no silences", err=True)
