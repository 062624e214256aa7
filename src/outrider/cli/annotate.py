"""`outrider annotate`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.app import moment_us
from outrider.cli.echo import echo, warn
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at_with_zone, short
from outrider.cli.server_option import chosen_backend


@click.command(epilog='Example: outrider annotate "cache warmed" --match tag=shop --at 2026-11-28T21:40')
@click.argument("text", required=False)
@click.option(
    "--at", "at_us", metavar="TIME", type=TypedValue("time", moment_us),
    help="When it happened, ISO 8601; now if absent, UTC if without zone.",
)  # fmt: skip
@click.option("--check", metavar="PATTERN", help="On the trends of this one check.")
@click.option("--match", "matchers", multiple=True, metavar="MATCHER", help="On those with a label: tag=shop.")
@click.option("--by", default="", help="Who notes it; the current user if absent.")
@click.option("--remove", metavar="ID", help="Remove this annotation.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the annotations.")
def annotate(
    text: str | None,
    *,
    at_us: int | None,
    check: str | None,
    matchers: tuple[str, ...],
    by: str,
    remove: str | None,
    as_json: bool,
) -> None:
    """Note TEXT at a time on the trends of checks, of all of them by default; without TEXT list what is noted.

    A MATCHER is one of `outrider silence`; all of several must hold.
    """
    if not text and (check or matchers or at_us is not None):
        raise click.UsageError("write the TEXT that is to be noted")
    with chosen_backend() as backend:
        if remove:
            backend.remove_annotation(remove)
        if text is not None:
            warn(backend.annotate(text, at_us=at_us, check=check, matchers=matchers, author=by))
        annotations = backend.annotations()
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([asdict(mark) for mark in annotations]))
        return
    for mark in annotations:
        place = " ".join(mark.matchers) or "all checks"
        echo(f"{short(mark.id)}  {at_with_zone(mark.at_us, timezone)}  {place}  {mark.author}: {mark.text}")
    if not annotations:
        echo('nothing is noted: outrider annotate "TEXT"', err=True)
