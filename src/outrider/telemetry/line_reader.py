"""Lines of logs, text or JSON -> log records: what files, NDJSON, Loki and syslog share.

Of a line of JSON the usual names of time, level, message, service and trace are understood, of pino, zap, structlog,
python-json-logger and the Elastic Common Schema among others; what else it says are attributes. Of a line of text time
and level are read where they usually stand, and the line itself stays as it is.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from outrider.model import LogRecord
from outrider.telemetry.attribute_reader import LogOrder, valid_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.telemetry.attribute_reader import AttributeReader

SERVICE_NAME: Final = "service.name"
_TIMES: Final = ("time", "timestamp", "@timestamp", "ts", "asctime", "datetime")
_LEVELS: Final = ("level", "severity", "log.level", "levelname", "lvl", "severity_text", "detected_level")
_BODIES: Final = ("message", "msg", "body", "event", "log")
_SERVICES: Final = (SERVICE_NAME, "service", "app", "application")
_TRACES: Final = ("trace_id", "traceId", "trace.id", "traceID", "otelTraceID")
_SPANS: Final = ("span_id", "spanId", "span.id", "spanID", "otelSpanID")
_SEVERITIES: Final = {
    "trace": 1, "verbose": 1, "debug": 5, "info": 9, "information": 9, "informational": 9, "notice": 10, "warn": 13,
    "warning": 13, "error": 17, "err": 17, "severe": 17, "critical": 21, "crit": 18, "fatal": 21, "panic": 21,
    "alert": 19, "emerg": 21, "emergency": 21,
}  # fmt: skip
_PINO: Final = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_NAMES: Final = "|".join(sorted(_SEVERITIES, key=len, reverse=True))
_LEVEL: Final = re.compile(rf'\b({_NAMES.upper()})\b|(?:\[|\b(?:level|lvl|severity)="?)({_NAMES})\b')
_TIME: Final = re.compile(
    r"[\[(\"]?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z|[+-]\d\d:?\d\d)?"
)
_ACCESS_TIME: Final = re.compile(r"\[(\d\d)/(\w{3})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TRACE_IN_TEXT: Final = re.compile(r"\btrace[_.]?id\W{1,3}([0-9a-f]{32})\b", re.IGNORECASE)
_SPAN_IN_TEXT: Final = re.compile(r"\bspan[_.]?id\W{1,3}([0-9a-f]{16})\b", re.IGNORECASE)
_COLOUR: Final = re.compile(r"\x1b\[[\d;]{0,20}[mK]")
_BEGINNING: Final = 200
_IDS_WITHIN: Final = 2_000
_NUMBERED_BEFORE: Final = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (1e19, 1))  # s, ms, us and ns since 1970
_RESOURCES: Final = 1_000


class LineReader:
    """Reads the lines of one source.

    Args:
        reader: Limits, scrubs and counts.
        resource: What is known of the source; its `service.name` holds where a line names no service.
    """

    def __init__(self, reader: AttributeReader, resource: Mapping[str, object]) -> None:
        self._reader = reader
        self._order = LogOrder()
        self._resource = reader.plain(resource.items())
        self._resources: dict[str, tuple[str, dict[str, str], AttributeReader]] = {}

    def record(
        self, text: str, *, time_ns: int = 0, severity: str = "", attributes: Mapping[str, object] | None = None
    ) -> LogRecord:
        """Return the record of a line.

        Args:
            text: One line, or several of one record.
            time_ns: Of the source, before what the line says.
            severity: The same.
            attributes: What is known beside the line.
        """
        if "\x1b" in text:
            text = _COLOUR.sub("", text)
        own = document(text)
        fields = {**(own or {}), **(attributes or {})}
        service, level = _take(fields, _SERVICES), _take(fields, _LEVELS)
        trace, span = _hexadecimal(_take(fields, _TRACES), 32), _hexadecimal(_take(fields, _SPANS), 16)
        if own is None:
            time_ns = time_ns or time_in_text(text)
            level = level or _level_in_text(text)
            trace, span = trace or _match(_TRACE_IN_TEXT, text), span or _match(_SPAN_IN_TEXT, text)
        else:
            time_ns = time_ns or parse_time(_take(fields, _TIMES))
            text = _take(fields, _BODIES)
        return self._record(text, time_ns, severity or level, (service, trace, span), fields)

    def _record(
        self, body: str, time_ns: int, severity: str, ids: tuple[str, str, str], attributes: Mapping[str, object]
    ) -> LogRecord:
        named, trace, span = ids
        service, resource, reader = self._resource_of(named)
        return LogRecord(
            self._order.moment(reader.moment(time_ns)),
            trace,
            span if trace else "",
            0,
            reader.plain_text(severity, 64),
            severity_number(severity),
            service,
            reader.plain_text(body, reader.limits.text_characters),
            resource,
            "",
            "",
            reader.plain(attributes.items()),
        )

    def _resource_of(self, named: str) -> tuple[str, dict[str, str], AttributeReader]:
        """Return service, resource and a reader for it, the same for the same service: the spool writes each once."""
        known = self._resources.get(named)
        if known is None:
            if len(self._resources) >= _RESOURCES:
                self._resources.clear()
            own = self._reader.plain([(SERVICE_NAME, named)]) if named else {}
            resource = {**self._resource, **own}
            service = self._reader.service(resource)
            known = self._resources[named] = (service, resource, self._reader.of(service=service))
        return known


def document(text: str) -> dict[str, Any] | None:
    """Return what a line of JSON says; None if it is no object."""
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def decoded(line: bytes) -> str:
    """Return a line as text: UTF-8, else Latin-1, which has a character for each byte."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("utf-8", "replace") if b"\0" in line else line.decode("latin-1")


def severity_number(name: str) -> int:
    """Return a level as OpenTelemetry counts them; 0 where its name says nothing."""
    number = _SEVERITIES.get(name.strip().lower())
    if number is None and name.isdecimal() and len(name) < 3:
        number = _PINO.get(int(name))
    return number or 0


def parse_time(text: str) -> int:
    """Return a time, ISO 8601 or a number since 1970 in s, ms, us or ns, as nanoseconds; 0 if it is none.

    A time without an offset is this machine's.
    """
    try:
        number = float(text)
    except ValueError:
        return _nanoseconds(text)
    for before, factor in _NUMBERED_BEFORE:
        if 0 < number < before:
            return int(text) * factor if text.isdecimal() else round(number * 1e6) * (factor // 1_000 or 1)
    return 0


def time_in_text(text: str) -> int:
    """Return the time with which a line begins, or which it has as access logs do, as nanoseconds; 0 without one."""
    begun = _TIME.match(text)
    if begun is not None:
        year, month, day, clock, fraction, offset = begun.groups()
        return _nanoseconds(f"{year}-{month}-{day}T{clock}.{fraction or 0}{offset or ''}")
    accessed = _ACCESS_TIME.search(text, 0, _BEGINNING)
    if accessed is None or accessed[2] not in _MONTHS:
        return 0
    day, month, year, clock, offset = accessed.groups()
    return _nanoseconds(f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock}{offset}")


def begins_with_time(text: str) -> bool:
    """Return whether a line begins with date and time."""
    return _TIME.match(text) is not None


def _take(fields: dict[str, Any], names: tuple[str, ...]) -> str:
    """Take the first of several names out of a document, as text; what is no text or number stays there."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
            del fields[name]
            return valid_text(str(value))
    return ""


def _match(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text, 0, _IDS_WITHIN)
    return match[1].lower() if match else ""


def _hexadecimal(text: str, digits: int) -> str:
    lower = text.lower()
    is_id = len(lower) == digits and lower.strip("0123456789abcdef") == "" and lower.strip("0") != ""
    return lower if is_id else ""


def _level_in_text(text: str) -> str:
    match = _LEVEL.search(text, 0, _BEGINNING)
    return (match[1] or match[2]) if match else ""


def _nanoseconds(text: str) -> int:
    try:
        return round(datetime.fromisoformat(text.strip()).astimezone().timestamp() * 1e6) * 1_000
    except (ValueError, OverflowError, OSError):
        return 0
