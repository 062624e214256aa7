"""Syslog over TCP: bytes -> messages -> log records.

Framing by counted octets, or by a newline or zero byte (RFC 6587, 3.4); messages of RFC 5424, and as older programs
write them (RFC 3164). What is neither is kept as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.telemetry.line_reader import SERVICE_NAME, LineReader, decoded, parse_time, severity_number

if TYPE_CHECKING:
    from outrider.model import LogRecord
    from outrider.telemetry.attribute_reader import AttributeReader

SYSLOG: Final = "syslog"
"""The source of what comes so."""

MOST_BYTES: Final = 65_536
"""Of a message; the rest is passed over."""
_COUNT: Final = re.compile(rb"([1-9]\d{0,8}) ")
_MAY_BE_COUNT: Final = re.compile(rb"[1-9]\d{0,8}\Z")
_END: Final = re.compile(rb"[\n\0]")
_PRIORITY: Final = re.compile(r"<(\d{1,3})>")
_ELEMENT: Final = re.compile(r'\[([^\s=\]"]{1,32})((?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*)\]')
_PARAMETER: Final = re.compile(r' ([^\s=\]"]{1,32})="((?:[^"\\\]]|\\.)*)"')
_OLD_HEADER: Final = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S{1,255}) ")
_TAG: Final = re.compile(r"([\w./-]{1,48})(?:\[(\d{1,10})\])?: ")
_SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_SOURCES: Final = 1_000


class SyslogFrames:
    """Divides what one connection brings into messages, in bounded memory."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # what is before it was taken
        self._octets_to_skip = 0
        self._skips_to_end = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with these bytes."""
        self._buffer, self._at = self._buffer[self._at :] + data, 0
        messages: list[bytes] = []
        while self._at < len(self._buffer) and (message := self._next()) is not None:
            if message:
                messages.append(message)
        return messages

    def end(self) -> list[bytes]:
        """Return what is left when the connection ends."""
        left, self._buffer, self._at = self._buffer[self._at :], b"", 0
        return [left] if left else []

    def _next(self) -> bytes | None:
        """Take a message, an empty one for what is passed over; None if more is needed."""
        if self._octets_to_skip or self._skips_to_end:
            return self._pass_over()
        count = _COUNT.match(self._buffer, self._at)
        if count is not None:
            return self._counted(int(count[1]), count.end())
        if _MAY_BE_COUNT.match(self._buffer, self._at):
            return None
        end = _END.search(self._buffer, self._at)
        if end is None and len(self._buffer) - self._at < MOST_BYTES:
            return None
        self._skips_to_end = end is None
        return self._take(end.end() if end else len(self._buffer), end.start() if end else len(self._buffer))

    def _pass_over(self) -> bytes:
        if self._skips_to_end:
            end = _END.search(self._buffer, self._at)
            self._skips_to_end = end is None
            self._at = end.end() if end else len(self._buffer)
        else:
            skipped = min(self._octets_to_skip, len(self._buffer) - self._at)
            self._octets_to_skip -= skipped
            self._at += skipped
        return b""

    def _counted(self, octets: int, begin: int) -> bytes | None:
        end = begin + min(octets, MOST_BYTES)
        if len(self._buffer) < end:
            return None
        self._octets_to_skip = begin + octets - end
        self._at = begin
        return self._take(end, end)

    def _take(self, until: int, end: int) -> bytes:
        message = self._buffer[self._at : min(end, self._at + MOST_BYTES)]
        self._at = until
        return message


class SyslogReader:
    """Reads messages; of one process, since it remembers hosts and programs."""

    def __init__(self, reader: AttributeReader) -> None:
        self._reader = reader
        self._lines: dict[tuple[str, str], LineReader] = {}

    def record(self, message: bytes) -> LogRecord:
        """Return the record of a message."""
        text = decoded(message.rstrip(b"\r\n\0"))
        priority = _PRIORITY.match(text)
        if priority is None:
            return self._source("", "").record(text)
        number = int(priority[1])
        facility = _FACILITIES[number >> 3] if number >> 3 < len(_FACILITIES) else ""
        attributes: dict[str, object] = {"syslog.facility": facility} if facility else {}
        severity, rest = _SEVERITIES[number & 7], text[priority.end() :]
        if rest.startswith("1 ") and rest.count(" ") >= 6:
            return self._modern(rest[2:], severity, attributes)
        return self._old(rest, severity, attributes)

    def _modern(self, text: str, severity: str, attributes: dict[str, object]) -> LogRecord:
        time, host, program, process, kind, rest = text.split(" ", 5)
        attributes |= {
            name: value for name, value in (("syslog.procid", process), ("syslog.msgid", kind)) if value != "-"
        }
        at = 1 if rest.startswith("-") else 0
        while (element := _ELEMENT.match(rest, at)) is not None:
            for name, value in _PARAMETER.findall(element[2]):
                attributes[f"{element[1].partition('@')[0]}.{name}"] = re.sub(r"\\([\"\\\]])", r"\1", value)
            at = element.end()
        body = rest[at:].removeprefix(" ").removeprefix("\ufeff").removeprefix("@cee:").lstrip()
        source = self._source("" if host == "-" else host, "" if program == "-" else program)
        return source.record(body, time_ns=parse_time(time), severity=severity, attributes=attributes)

    def _old(self, text: str, severity: str, attributes: dict[str, object]) -> LogRecord:
        """Read a message without a year: it gets the time at which it was received."""
        header = _OLD_HEADER.match(text)
        text = text[header.end() :] if header else text
        tag = _TAG.match(text)
        if tag is None or severity_number(tag[1]):  # "ERROR: no stock" names no program
            return self._source(header[1] if header else "", "").record(text, severity=severity, attributes=attributes)
        attributes |= {"syslog.procid": tag[2]} if tag[2] else {}
        source = self._source(header[1] if header else "", tag[1])
        return source.record(text[tag.end() :], severity=severity, attributes=attributes)

    def _source(self, host: str, program: str) -> LineReader:
        known = self._lines.get((host, program))
        if known is None:
            if len(self._lines) >= _SOURCES:
                self._lines.clear()
            resource = {name: value for name, value in ((SERVICE_NAME, program), ("host.name", host)) if value}
            known = self._lines[host, program] = LineReader(self._reader, resource)
        return known
