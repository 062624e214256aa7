"""Ids of traces in the headers of requests and responses, whoever put them there. Pure.

W3C Trace Context (https://www.w3.org/TR/trace-context/), its level 2 draft's `traceresponse`, Sentry's `sentry-trace`
and `baggage`, B3 (https://github.com/openzipkin/b3-propagation), and `Server-Timing: traceparent;desc=…`, which is the
one that a document's own request can be told by, since no script adds headers to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.model import is_trace_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_READ_CHARACTERS: Final = 8_192
_ID_CHARACTERS: Final = 32
_PARENT: Final = r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-"  # version ff is invalid: 3.2.2.1
_REQUEST: Final = {
    "traceparent": re.compile(rf"^{_PARENT}[0-9a-f]{{16}}-[0-9a-f]{{2}}"),
    "sentry-trace": re.compile(r"^([0-9a-f]{32})-[0-9a-f]{16}"),
    "x-b3-traceid": re.compile(r"^([0-9a-f]{32}|[0-9a-f]{16})$"),
    "b3": re.compile(r"^([0-9a-f]{32}|[0-9a-f]{16})-"),
    "baggage": re.compile(r"(?:^|,)\s*sentry-trace_id=([0-9a-f]{32})\s*(?:[,;]|$)"),
}
_RESPONSE: Final = {
    "traceresponse": re.compile(rf"^{_PARENT}"),
    "server-timing": re.compile(rf"(?:^|,)\s*traceparent\s*;\s*desc\s*=\s*\"?{_PARENT}"),
}


def sent_trace_id(headers: Iterable[Mapping[str, str]]) -> str:
    """Return the trace that a request names, of several the standard's; empty if it names none."""
    return _first(headers, _REQUEST)


def answered_trace_id(headers: Iterable[Mapping[str, str]]) -> str:
    """Return the trace that a response names, or empty."""
    return _first(headers, _RESPONSE)


def _first(headers: Iterable[Mapping[str, str]], patterns: Mapping[str, re.Pattern[str]]) -> str:
    values: dict[str, str] = {}
    for header in headers:
        name = header["name"].lower()
        if name in patterns and len(values.get(name, "")) < _READ_CHARACTERS:
            value = header["value"][:_READ_CHARACTERS].lower().strip()
            values[name] = f"{values[name]},{value}" if name in values else value
    for name, pattern in patterns.items():
        match = pattern.search(values.get(name, ""))
        identity = match[1].rjust(_ID_CHARACTERS, "0") if match else ""  # ids of 64 bits are padded: W3C, 3.2.2.3
        if is_trace_id(identity):
            return identity
    return ""
