"""Log lines out of Loki, by `GET /loki/api/v1/query_range`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from outrider.model import LogRecord
from outrider.sources.answer_values import as_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.sources.source_address import SourceAddress

_SERVICES: Final = ("service_name", "service", "app", "job")
_LEVELS: Final = ("detected_level", "level", "severity", "severity_text")
_NUMBERS: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21, "critical": 21}


class LokiSource:
    """Loki at an address.

    Args:
        address: Its base, without `/loki`.
        selector: Of the streams that are searched.
    """

    def __init__(self, address: SourceAddress, selector: str) -> None:
        self._address = address
        self._selector = selector

    def version(self) -> str:
        """Ask for the names of labels, and for the version."""
        answer = self._address.ask("/loki/api/v1/labels")
        if answer["status"] != "success":
            raise ValueError
        about = self._address.ask("/loki/api/v1/status/buildinfo")
        return str(about.get("version", "")) if about is not None else ""

    def logs(self, since_ns: int, until_ns: int, *, trace_id: str, limit: int) -> list[LogRecord]:
        """Return the newest lines of a time; of a trace, those that hold its id in the line or a field of it."""
        query = self._selector
        if trace_id:
            query += f' | trace_id="{trace_id}" or traceid="{trace_id}" or traceID="{trace_id}"'
        records = list(self._records(query, since_ns, until_ns, limit, trace_id))
        if not records and trace_id:
            query = f'{self._selector} |= "{trace_id}"'
            records = list(self._records(query, since_ns, until_ns, limit, trace_id))
        return records

    def _records(self, query: str, since_ns: int, until_ns: int, limit: int, trace_id: str) -> Iterator[LogRecord]:
        times = [("start", str(since_ns)), ("end", str(until_ns)), ("limit", str(limit)), ("direction", "backward")]
        answer = self._address.ask("/loki/api/v1/query_range", [("query", query), *times])
        if answer is None or answer["data"]["resultType"] != "streams":
            raise self._address.garbage("answers a query of log lines with something else")
        for stream in answer["data"]["result"]:
            for row in stream["values"]:
                yield _record(stream["stream"], row, trace_id)


def _record(labels: Mapping[str, str], row: list[Any], trace_id: str) -> LogRecord:
    fields = {**labels, **(row[2] if len(row) > 2 and isinstance(row[2], dict) else {})}
    texts = {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
    service = next((texts[name] for name in _SERVICES if texts.get(name)), "")
    level = next((texts[name] for name in _LEVELS if texts.get(name)), "")
    number = next((value for name, value in _NUMBERS.items() if level.lower().startswith(name)), 0)
    return LogRecord(
        as_ns(int(row[0])), trace_id or texts.get("trace_id", ""), texts.get("span_id", ""), 0, level, number, service,
        str(row[1]), {"service.name": service}, "", "", texts,
    )  # fmt: skip
