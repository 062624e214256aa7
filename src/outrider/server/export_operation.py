"""The export of stored rows: streamed, and bounded in rows, in time, and in how many are under way."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from outrider.model import Selection, StoreError, UsageError, printable_json, spreadsheet_cell
from outrider.server.api_parameters import ROOT, TEXT, Operation, choice_of, text_of, time_of, whole_number
from outrider.server.openapi_document import Description, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.model import TableReader

    Batches = Iterable[Mapping[str, Sequence[object]]]

MOST_ROWS = 1_000_000
_USUAL_ROWS = 100_000
_BATCH_ROWS = 2_000
_MOST_S = 120.0
_DAY_US = 86_400_000_000
_AT_ONCE = 2
_under_way = threading.BoundedSemaphore(_AT_ONCE)
_TIME = {"type": "string", "format": "date-time"}
_TABLES: Mapping[str, Callable[[TableReader, Selection], Batches]] = {
    "runs": lambda tables, selection: tables.runs(selection, _BATCH_ROWS),
    "samples": lambda tables, selection: tables.samples(selection, _BATCH_ROWS),
    "steps": lambda tables, selection: tables.steps(selection, _BATCH_ROWS),
}
_PLACE = ("check", "environment", "location", "release")
_COLUMNS: Mapping[str, Sequence[str]] = {
    "runs": (
        "run", "due_us", *_PLACE, "browser", "host", "outcome", "reason", "due_count", "started_us", "finished_us",
    ),
    "samples": (
        "due_us", "check", "step", "metric", "environment", "location", "release", "run", "attempt", "value",
    ),
    "steps": (
        "run", "due_us", *_PLACE, "attempt", "measured", "step", "title", "parent", "offset_us", "duration_us", "error",
    ),
}  # fmt: skip
_FORMS = {"csv": "text/csv", "jsonl": "application/jsonl"}


class _Export:
    """The lines of an export; it counts among those under way from the first line to the last, or to its end."""

    def __init__(self, batches: Batches, names: Sequence[str], form: str, limit: int) -> None:
        self._batches = batches
        self._names = names
        self._form = form
        self._left = limit
        self._deadline_s = time.monotonic() + _MOST_S

    def lines(self) -> Iterator[bytes]:
        """Yield the file in pieces.

        Raises:
            StoreError: If it takes too long, so that the client sees that it is cut.
        """
        if self._form == "csv":
            yield self._written([self._names])
        for batch in self._batches:
            rows = list(zip(*(batch[name] for name in self._names), strict=True))[: self._left]
            self._left -= len(rows)
            yield self._written(rows)
            if self._left <= 0:
                return
            if time.monotonic() > self._deadline_s:
                what = f"the export took longer than {_MOST_S:.0f} s"
                raise StoreError(what, slug="export-too-long", fix="ask for a shorter time")

    def _written(self, rows: Sequence[Sequence[object]]) -> bytes:
        if self._form == "jsonl":
            return "".join(
                f"{json.dumps(printable_json(dict(zip(self._names, row, strict=True))), ensure_ascii=False)}\n"
                for row in rows
            ).encode()
        text = io.StringIO()
        cells = printable_json([list(row) for row in rows])
        csv.writer(text).writerows(map(spreadsheet_cell, row) for row in cells)
        return text.getvalue().encode()


class ExportResponse(StreamingResponse):
    """A file that is sent while it is read; it ends what it holds, however the request ends."""

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            _under_way.release()


def _export(sources: Sources, request: Request) -> ExportResponse:
    table = choice_of(request, "table", {"": "runs", **{name: name for name in _TABLES}})
    form = choice_of(request, "format", {"": "csv", **{name: name for name in _FORMS}})
    limit = whole_number(request, "limit", _USUAL_ROWS, MOST_ROWS)
    until_us = time_of(request, "until", sources.now_us() + 1)
    selection = Selection(
        pattern=text_of(request, "check") or "*", since_us=time_of(request, "since", until_us - _DAY_US),
        until_us=until_us, metric=text_of(request, "metric"), environment=text_of(request, "environment") or None,
        location=text_of(request, "location") or None,
        step=text_of(request, "step") if "step" in request.query_params else None,
        judged_only=choice_of(request, "attempts", {"": True, "judged": True, "all": False}),
    )  # fmt: skip
    batches = _TABLES[table](sources.store.tables, selection)
    return begin_export(_Export(batches, _COLUMNS[table], form, limit).lines(), _FORMS[form], f"{table}.{form}")


def begin_export(lines: Iterator[bytes], media_type: str, name: str) -> ExportResponse:
    """Return the answer that sends a file; it counts among the exports under way until it is sent.

    Raises:
        UsageError: export-busy.
    """
    if not _under_way.acquire(blocking=False):
        raise UsageError("other exports are under way", slug="export-busy", fix="try again in a minute")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return ExportResponse(lines, media_type=media_type, headers=headers)


EXPORT_OPERATIONS = (
    Operation(
        Description(
            f"{ROOT}/export",
            "Stored rows as a file, by time or by series; times are in microseconds UTC. A file with as many rows as "
            "`limit` may be cut: ask again from its last time on.",
            str, (
                Parameter("table", "What: runs, if absent.", {"type": "string", "enum": list(_TABLES)}),
                Parameter("format", "CSV, if absent, or JSON, a row a line.", {"type": "string", "enum": list(_FORMS)}),
                Parameter("check", "Its id or former id; `*` and `?` stand for any characters.", TEXT),
                Parameter("metric", "Of samples: of this metric only.", TEXT),
                Parameter("step", "Of samples: of this step only; empty for the whole run.", TEXT),
                Parameter("attempts", "Of samples and steps: those that are judged, if absent, or all.", {
                    "type": "string", "enum": ["judged", "all"],
                }),
                Parameter("environment", "Of this one only.", TEXT),
                Parameter("location", "Of this one only.", TEXT),
                Parameter("since", "Due then or later; a day before `until` if absent.", _TIME),
                Parameter("until", "Due before then; now if absent.", _TIME),
                Parameter("limit", "How many rows at most.", {
                    "type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": _USUAL_ROWS,
                }),
            ),
            media_types=tuple(_FORMS.values()),
        ),
        _export,
    ),
)  # fmt: skip
