"""The export of log records: streamed page by page, and bounded in rows, in time, and in how many are under way."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from outrider.dashboard import log_item
from outrider.model import StoreError, printable_json, spreadsheet_cell
from outrider.server.api_parameters import ROOT, Operation, choice_of, whole_number
from outrider.server.export_operation import begin_export
from outrider.server.openapi_document import Description, Parameter
from outrider.server.telemetry_operations import QUERY, query_of
from outrider.server.telemetry_turns import asked_telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.model import LogRecord, Matches, RowPosition
    from outrider.server.export_operation import ExportResponse

_MOST_ROWS: Final = 100_000
_USUAL_ROWS: Final = 10_000
_BATCH_ROWS: Final = 2_000
_MOST_S: Final = 60.0
_FORMS: Final = {"ndjson": "application/jsonl", "csv": "text/csv"}
_COLUMNS: Final = (
    "time", "time_ns", "level", "service", "body", "trace_id", "span_id", "event_name", "origin", "scope_name",
    "attributes", "resource",
)  # fmt: skip


class LogExport:
    """The lines of an export, the newest record first.

    Raises:
        QueryError: If the query cannot be understood, before the first line.
        TelemetryError: If the telemetry cannot be read, likewise.
    """

    def __init__(self, sources: Sources, query: str, form: str, limit: int) -> None:
        self._sources = sources
        self._query = query
        self._form = form
        self._left = limit
        self._deadline_s = time.monotonic() + _MOST_S
        self._first = self._page(None)

    def lines(self) -> Iterator[bytes]:
        """Yield the file in pieces; one that takes too long breaks off, so that the client sees that it is cut."""
        page = self._first
        yield self._written(page.rows, with_names=True)
        while page.following is not None and self._left > 0:
            if time.monotonic() > self._deadline_s:
                what = f"the export took longer than {_MOST_S:.0f} s"
                raise StoreError(what, slug="export-too-long", fix="ask for a shorter time")
            page = self._page(page.following)
            yield self._written(page.rows, with_names=False)

    def _page(self, before: RowPosition | None) -> Matches[LogRecord]:
        with asked_telemetry(self._sources) as reader:
            page = reader.search_logs(self._query, limit=min(self._left, _BATCH_ROWS), before=before)
        self._left -= len(page.rows)
        return page

    def _written(self, records: tuple[LogRecord, ...], *, with_names: bool) -> bytes:
        rows = [printable_json(asdict(log_item(record))) for record in records]
        if self._form == "ndjson":
            return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        text = io.StringIO()
        writer = csv.writer(text)
        if with_names:
            writer.writerow(_COLUMNS)
        for row in rows:
            cells = (row[name] for name in _COLUMNS)
            writer.writerow(
                json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else spreadsheet_cell(cell)
                for cell in cells
            )
        return text.getvalue().encode()


def _export(sources: Sources, request: Request) -> ExportResponse:
    form = choice_of(request, "format", {"": "ndjson", **{name: name for name in _FORMS}})
    limit = whole_number(request, "limit", _USUAL_ROWS, _MOST_ROWS)
    export = LogExport(sources, query_of(request), form, limit)
    return begin_export(export.lines(), _FORMS[form], f"logs.{form}")


LOG_EXPORT_OPERATIONS = (
    Operation(
        Description(
            f"{ROOT}/logs/export",
            "Log records that a query finds as a file, the newest first. One with as many rows as `limit` may be cut.",
            str, (
                QUERY,
                Parameter("format", "JSON, a record a line, if absent, or CSV.", {
                    "type": "string", "enum": list(_FORMS),
                }),
                Parameter("limit", "How many rows at most.", {
                    "type": "integer", "minimum": 1, "maximum": _MOST_ROWS, "default": _USUAL_ROWS,
                }),
            ),
            media_types=tuple(_FORMS.values()),
        ),
        _export,
    ),
)  # fmt: skip
