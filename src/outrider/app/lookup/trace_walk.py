"""Walks one request that names a trace, and looks where that arrives."""

from __future__ import annotations

import http.client
import re
import secrets
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from outrider.app.access.signing_key import signing_key
from outrider.app.access.workspace_access import now_us
from outrider.app.lookup.joined_telemetry import reach_joined
from outrider.app.lookup.request_traces import takes_traces
from outrider.app.lookup.telemetry_access import telemetry_settings
from outrider.causes import WalkedRequest
from outrider.model import Origin, UsageError, begin_trace, new_run_id, printable
from outrider.workspace import switched_off

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.app.lookup.joined_telemetry import JoinedTelemetry
    from outrider.model import Span, TelemetryReader, TraceContext
    from outrider.workspace import Workspace

_TIMEOUT_S: Final = 15.0
_ARRIVES_S: Final = 3_600
_EVERY_S: Final = 0.3
_SETTLED_S: Final = 1.5
_HOUR_NS: Final = 3_600 * 10**9
_SEARCHED: Final = 200
_REDIRECT: Final = 3
_ADDRESS: Final = 300
_NAMED: Final = re.compile(r"(?:^|[,\s]|desc=\"?)00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_PATHS: Final = ("url.path", "http.target", "url.full", "http.url", "http.route")
_AS_THEY_ARE: Final = "%/?:@!$&'()*+,;=[]|"
"""Characters of an address that browsers send as they are."""

_HEADERS: Final = ("traceparent", "tracestate", "sentry-trace", "baggage")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back; status 0 if nothing did."""

    status: int
    headers: Mapping[str, str]
    problem: str = ""


def walk_trace(workspace: Workspace, url: str, *, origin: str = "", wait_s: float = 15.0) -> WalkedRequest:
    """Send one GET that names a trace, and wait for its spans.

    Args:
        workspace: That takes them.
        url: Of http or https; a redirect is not followed.
        origin: Of pages whose preflight is tried, too; empty for none.
        wait_s: How long at most.

    Raises:
        UsageError: bad-argument; telemetry-off, switched-off.
        TelemetryError: If the telemetry cannot be reached.
    """
    parts = _parts(url)
    if not takes_traces(workspace):
        telemetry_settings(workspace)
        raise switched_off("traces", "naming traces")
    key, until_s = signing_key(workspace.state), int(time.time()) + _ARRIVES_S
    context = begin_trace(key, Origin.SYNTHETIC, new_run_id(now_us()), attempt=1, until_s=until_s)
    agent = f"outrider-doctor/{secrets.token_hex(8)}"
    with reach_joined(workspace) as reader:
        sent_ns = time.time_ns()
        answer = _asked(url, "GET", {**dict(context.headers()), "User-Agent": agent})
        answered_ns = time.time_ns()
        is_allowed = not origin or _is_allowed(url, origin)
        spans = _spans(reader, context, wait_s) if answer.status else ()
        named = _NAMED.search(f"{answer.headers.get('traceresponse', '')},{answer.headers.get('server-timing', '')}")
        trace_id = named[1] if named else ""
        newest = next(iter(reader.search_spans("since:1h", limit=1).rows), None)
        return WalkedRequest(
            context.trace_id, sent_ns, answered_ns, answer.status, answer.problem,
            named=trace_id, is_sampled=named is None or bool(int(named[2], 16) & 1),
            via=answer.headers.get("via", "") or answer.headers.get("server", ""), spans=spans,
            other=None if spans or not answer.status else _other(reader, agent, parts.path or "/", sent_ns, trace_id),
            services=_services(reader, sent_ns, newest),
            origin=origin, is_allowed=is_allowed, waited_s=wait_s,
            leads_to=_leads_to(url, answer), newest_ns=newest.time_ns if newest is not None else 0,
        )  # fmt: skip


def _parts(url: str) -> SplitResult:
    with suppress(ValueError):  # a bracket that is open, a port that is no number
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    raise UsageError(f"{url[:80]!r} is no address of http or https", slug="bad-argument", fix="write http://…")


def _asked(url: str, method: str, headers: Mapping[str, str]) -> _Answer:
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc.rpartition("@")[2], timeout=_TIMEOUT_S, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc.rpartition("@")[2], timeout=_TIMEOUT_S)
    path = quote(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", safe=_AS_THEY_ARE)
    try:
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        return _Answer(response.status, {name.lower(): value for name, value in response.getheaders()})
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _Answer(0, {}, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    finally:
        connection.close()


def _is_allowed(url: str, origin: str) -> bool:
    """Return whether a page of an origin may send the headers (Fetch standard, CORS-preflight request)."""
    asked = {
        "Origin": origin, "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": ",".join(sorted(_HEADERS)),
    }  # fmt: skip
    headers = _asked(url, "OPTIONS", asked).headers
    allowed = {name.strip().lower() for name in headers.get("access-control-allow-headers", "").split(",")}
    is_known = headers.get("access-control-allow-origin", "") in {"*", origin}
    return is_known and ("*" in allowed or allowed >= set(_HEADERS))


def _spans(reader: TelemetryReader, context: TraceContext, wait_s: float) -> tuple[Span, ...]:
    """Wait for the spans of a trace until no more come."""
    until_s, spans = time.monotonic() + wait_s, reader.trace(context.trace_id)
    while not spans and time.monotonic() < until_s:
        time.sleep(_EVERY_S)
        spans = reader.trace(context.trace_id)
    if spans:
        time.sleep(min(_SETTLED_S, wait_s))
        spans = reader.trace(context.trace_id)
    return spans


def _services(reader: JoinedTelemetry, sent_ns: int, newest: Span | None) -> Sequence[str]:
    """Return the services of the last hour, or the one of the newest span before any was counted."""
    counted = reader.services(sent_ns - _HOUR_NS, time.time_ns(), with_synthetic=True)
    return [own.service for own in counted] or ([newest.service] if newest is not None else [])


def _leads_to(url: str, answer: _Answer) -> str:
    """Return where a redirect leads, as far as it is an address that can be asked; empty for another answer."""
    place = answer.headers.get("location", "") if answer.status // 100 == _REDIRECT else ""
    with suppress(ValueError):
        return printable(urljoin(url, place))[:_ADDRESS] if place else ""
    return ""


def _other(reader: TelemetryReader, agent: str, path: str, sent_ns: int, named: str) -> Span | None:
    """Return the span of the request in another trace, that the answer names, or by user agent, or by path and time.

    Of the trace that is named, spans since the request alone: its id may be used again and again.
    """
    own = [span for span in reader.trace(named) if span.time_ns >= sent_ns - 10**9] if named else []
    if own:
        return next((span for span in own if span.kind == "Server"), own[0])
    spans = reader.search_spans("kind:server since:10m", limit=_SEARCHED).rows
    by_agent = (span for span in spans if agent in _values(span, ("user_agent.original", "http.user_agent")))
    by_path = (
        span for span in spans
        if span.time_ns >= sent_ns - 10**9 and any(path in value.partition("?")[0] for value in _values(span, _PATHS))
    ) if path != "/" else ()  # fmt: skip
    return next(by_agent, None) or next(iter(by_path), None)


def _values(span: Span, names: Iterable[str]) -> list[str]:
    return [span.attributes[name] for name in names if name in span.attributes]
