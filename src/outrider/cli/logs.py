"""`outrider logs`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, follow_logs, notable_patterns, open_telemetry, reach_when_back
from outrider.cli.echo import echo
from outrider.cli.run_tables import console
from outrider.cli.telemetry_options import measure_options
from outrider.cli.telemetry_tables import log_json, log_line, notable_table, pattern_table
from outrider.cli.view_option import asked_query, view_option
from outrider.model import RecordKind, ViewPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.cli.telemetry_options import Measurement
    from outrider.model import LogPatterns, NotablePattern, TelemetryReader

_EVERY_S = 1.0


@click.command(epilog="""Example: outrider logs 'service:checkout level>=error "timed out" since:2h'""")
@click.argument("query", nargs=-1)
@view_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@click.option("--follow", is_flag=True, help="Print what comes in, until interrupted.")
@click.option("--patterns", is_flag=True, help="Print what records say, without what differs, and how often.")
@click.option("--notable", is_flag=True, help="Print patterns that are new or explode, or did within a day.")
@measure_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; with --follow a JSON value a line.")
def logs(
    query: tuple[str, ...],
    *,
    view: str | None,
    limit: int,
    follow: bool,
    patterns: bool,
    notable: bool,
    measurement: Measurement | None,
    as_json: bool,
) -> None:
    """Search log records, the newest last; of the last hour unless the query says since:.

    The query's forms are listed in docs/telemetry.md. Write -- before one that begins with a minus.
    """
    if patterns and (follow or measurement):
        raise click.UsageError("--patterns stands beside --follow or a measure; leave one out")
    workspace = find_workspace()
    if notable:
        if query or view or patterns or follow or measurement:
            raise click.UsageError("--notable stands alone, but for --limit and --json; leave the others out")
        _notable(notable_patterns(workspace)[:limit], workspace.timezone, as_json=as_json)
        return
    text = asked_query(workspace, ViewPage.LOGS, view, query)
    with open_telemetry(workspace) as telemetry:
        if follow:
            on_away = reach_when_back(workspace, telemetry, partial(echo, err=True))
            for record in follow_logs(telemetry, text, lambda: time.sleep(_EVERY_S), on_away=on_away):
                echo(json.dumps(log_json(record)) if as_json else log_line(record, workspace.timezone))
        elif patterns:
            _patterns(telemetry.log_patterns(text), limit, as_json=as_json)
        elif measurement:
            measurement.show(telemetry, RecordKind.LOGS, text, workspace.timezone, as_json=as_json)
        else:
            _list(telemetry, text, limit, workspace.timezone, as_json=as_json)


def _list(telemetry: TelemetryReader, query: str, limit: int, timezone: str, *, as_json: bool) -> None:
    matches = telemetry.search_logs(query, limit=limit)
    records = matches.rows[::-1]
    if as_json:
        echo(json.dumps([log_json(record) for record in records]))
    else:
        for record in records:
            echo(log_line(record, timezone))
    if not records:
        echo("no record matches", err=True)
    if not matches.is_complete:
        echo("there are earlier ones: --limit", err=True)


def _patterns(patterns: LogPatterns, limit: int, *, as_json: bool) -> None:
    rows = patterns.rows[:limit]
    if as_json:
        echo(json.dumps([asdict(row) for row in rows]))
    elif rows:
        console().print(pattern_table(rows))
    if not rows:
        echo("no record matches", err=True)
    if len(rows) < len(patterns.rows):
        echo(f"{len(patterns.rows) - len(rows)} rarer ones: --limit", err=True)
    if not patterns.is_complete:
        echo(f"of the newest {patterns.count:,} records that match", err=True)


def _notable(rows: Sequence[NotablePattern], timezone: str, *, as_json: bool) -> None:
    if as_json:
        echo(json.dumps([asdict(row) for row in rows]))
    elif rows:
        console().print(notable_table(rows, timezone))
    else:
        echo("no pattern is new or explodes", err=True)
