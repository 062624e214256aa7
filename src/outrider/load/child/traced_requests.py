"""Begins a trace with one request in so many, in the clients of Locust; the others name none.

A header that says "sampled" makes every service record the request, which a whole load must not.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from geventhttpclient.useragent import CompatRequest
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

from outrider.load.child.open_requests import OpenRequest
from outrider.model import VENDOR

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from outrider.load.tally import Tally
    from outrider.model import TraceGrant

_NAMES: Final = ("traceparent", "tracestate", "sentry-trace", "baggage")


class TracedRequests:
    """Adds the headers of a new trace to every n-th request of this process.

    Args:
        grant: Begins the traces.
        every: The first of so many requests is traced.
        tally: Where the traces are noted.
    """

    def __init__(self, grant: TraceGrant, every: int, tally: Tally) -> None:
        self._grant = grant
        self._every = every
        self._tally = tally
        self._count = 0

    def watch(self) -> None:
        """Follow Locust's clients from now on."""
        for session in (HttpSession, FastHttpSession):
            setattr(session, "request", self._traced(session.request))  # noqa: B010 - mypy: a method
        setattr(HttpSession, "rebuild_auth", _without_trace(HttpSession.rebuild_auth))  # noqa: B010 - mypy: a method
        setattr(CompatRequest, "redirect", _without_trace_elsewhere(CompatRequest.redirect))  # noqa: B010 - as above

    def _traced(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def request(session: Any, method: str, url: Any, name: str | None = None, *args: Any, **options: Any) -> Any:
            self._count += 1
            own = {str(key).lower() for key in (*(getattr(session, "headers", None) or ()), *_keys(options))}
            if (self._count - 1) % self._every or not own.isdisjoint(_NAMES):
                return original(session, method, url, name, *args, **options)
            trace = self._grant.begin()
            endpoint = OpenRequest(session, method, url, name, options.get("params"), None).endpoint
            self._tally.traced(trace.trace_id, endpoint)
            headers = {**(options.pop("headers", None) or {}), **dict(trace.headers())}
            return original(session, method, url, name, *args, headers=headers, **options)

        return request


def _keys(options: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(options.get("headers") or ())


def _without_trace(original: Callable[..., None]) -> Callable[..., None]:
    """Drop our headers from a request of `requests` that follows a redirect to another origin."""

    @functools.wraps(original)
    def rebuild_auth(session: Any, prepared: Any, response: Any) -> None:
        original(session, prepared, response)
        if _origin(prepared.url) != _origin(response.request.url):
            _drop(prepared.headers)

    return rebuild_auth


def _without_trace_elsewhere(original: Callable[..., None]) -> Callable[..., None]:
    """Drop our headers from a request of geventhttpclient that follows a redirect to another origin."""

    @functools.wraps(original)
    def redirect(request: Any, *args: Any, **options: Any) -> None:
        before = request.url_split.scheme, request.url_split.host, request.url_split.port
        original(request, *args, **options)
        if before != (request.url_split.scheme, request.url_split.host, request.url_split.port):
            _drop(request.headers)

    return redirect


def _drop(headers: MutableMapping[str, Any]) -> None:
    """Remove the headers of a trace that we began; those that a locustfile sends itself stay as its client has them."""
    if str(headers.get("tracestate", "")).startswith(f"{VENDOR}="):
        for name in _NAMES:
            headers.pop(name, None)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
