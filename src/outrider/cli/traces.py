"""`outrider traces`."""

from __future__ import annotations

import json
import re
import time
from functools import partial
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, follow_spans, open_joined, open_store, reach_when_back, read_run_traces
from outrider.cli.echo import echo
from outrider.cli.run_tables import console
from outrider.cli.telemetry_options import measure_options
from outrider.cli.telemetry_tables import run_trace_json, run_trace_title, span_json, span_line, span_table, trace_table
from outrider.cli.view_option import asked_query, view_option
from outrider.model import RecordKind, UsageError, ViewPage, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app import JoinedTelemetry, Workspace
    from outrider.cli.fitted_table import FittedTable
    from outrider.cli.telemetry_options import Measurement
    from outrider.model import Span

_EVERY_S = 1.0
_TRACE_ID = re.compile(r"[0-9a-fA-F]{32}")


@click.command(epilog="Example: outrider traces 'service:checkout duration>500ms since:2h'")
@click.argument("query", nargs=-1)
@view_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@click.option("--follow", is_flag=True, help="Print spans that come in, until interrupted.")
@click.option("--run", metavar="RUN", help="Show the spans of a run instead, trace by trace; RUN as in outrider show.")
@measure_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; with --follow a JSON value a line.")
def traces(
    query: tuple[str, ...],
    *,
    view: str | None,
    limit: int,
    follow: bool,
    run: str | None,
    measurement: Measurement | None,
    as_json: bool,
) -> None:
    """Search spans, the newest last; of the last hour unless the query says since:. An id of a trace shows all of it.

    The query's forms are listed in docs/telemetry.md. Write -- before one that begins with a minus.
    """
    workspace = find_workspace()
    if follow and (run or measurement):
        raise click.UsageError("--follow stands beside --run or a measure; leave one out")
    if run and (query or view or measurement):
        fix = "leave out one of them"
        raise UsageError(
            "--run shows all traces of a run; a query or measure asks for others", slug="bad-argument", fix=fix
        )
    text = asked_query(workspace, ViewPage.TRACES, view, query)
    with open_joined(workspace) as telemetry:
        if run:
            _show_run(workspace, telemetry, run, limit, as_json=as_json)
            return
        if follow:
            on_away = reach_when_back(workspace, telemetry.ours, partial(echo, err=True))
            for span in follow_spans(telemetry, text, lambda: time.sleep(_EVERY_S), on_away=on_away):
                echo(json.dumps(span_json(span)) if as_json else span_line(span, workspace.timezone))
        if measurement:
            measurement.show(telemetry, RecordKind.SPANS, text, workspace.timezone, as_json=as_json)
            return
        if _TRACE_ID.fullmatch(text):
            trace = telemetry.trace(text)
            _show(trace, trace_table(trace) if trace else None, as_json=as_json)
            return
        matches = telemetry.search_spans(text, limit=limit)
    spans = matches.rows[::-1]
    _show(spans, span_table(spans, workspace.timezone), as_json=as_json)
    if not matches.is_complete:
        echo("there are earlier ones: --limit", err=True)


def _show_run(workspace: Workspace, telemetry: JoinedTelemetry, run: str, limit: int, *, as_json: bool) -> None:
    with open_store(workspace) as store:
        kept_s = workspace.telemetry.spans_s if workspace.telemetry is not None else 0
        stored = store.runs.get(run).run
        answer = read_run_traces(store.trace_links, telemetry, stored, kept_s=kept_s, limit=limit)
    if as_json:
        echo(json.dumps([run_trace_json(trace) for trace in answer.traces]))
    else:
        for trace in answer.traces:
            echo(run_trace_title(trace))
            if trace.spans:
                console().print(trace_table(trace.spans))
    if answer.count > len(answer.traces):
        echo(f"there are {counted(answer.count, 'trace')}: --limit", err=True)
    if answer.missing:
        echo(answer.missing, err=True)


def _show(spans: Sequence[Span], table: FittedTable | None, *, as_json: bool) -> None:
    if as_json:
        echo(json.dumps([span_json(span) for span in spans]))
    elif spans and table is not None:
        console().print(table)
    if not spans:
        echo("no span matches", err=True)
