"""Faults that `outrider prove` injects by routing: what a journey would meet if its target were broken."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, assert_never
from urllib.parse import urlsplit


class Fault(StrEnum):
    """One way of being broken, applied to every request of the browser."""

    ABORT = "abort"
    ERROR = "error 500"
    EMPTY = "empty body"
    DELAY = "delay"
    THIRD_PARTY = "blocked third party"

    @property
    def is_dead_server(self) -> bool:
        """Whether no journey may stay green under it."""
        return self in {Fault.ABORT, Fault.ERROR, Fault.EMPTY}


# Routes of the sync and the async API share their methods, not their types.
Route = Any


class Injection:
    """A route handler that injects a fault, for either API: what it returns is awaited where it can be.

    Attributes:
        met: How many requests the fault was injected into. A route of the test's own goes first: what it answers meets
            no fault, what it lets go on does. What the test or a service worker sends without a page is not routed.
    """

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._first_party = ""
        self.met = 0

    def __call__(self, route: Route) -> Any:
        """Answer a request that no route of the test's has taken."""
        return self.answer(route) if self.is_for(route.request) else route.fallback()

    def is_for(self, request: Any) -> bool:
        """Whether a request meets the fault."""
        return self._fault != Fault.THIRD_PARTY or not self._is_first_party(request)

    def answer(self, route: Route) -> Any:
        """Answer a request as a broken target would."""
        self.met += 1
        match self._fault:
            case Fault.ABORT:
                return route.abort("connectionrefused")
            case Fault.ERROR:
                return route.fulfill(status=500, content_type="text/plain", body="injected by outrider prove")
            case Fault.EMPTY:
                return route.fulfill(status=200, content_type="text/html", body="")
            case Fault.DELAY:
                return None  # never answered: longer than any timeout
            case Fault.THIRD_PARTY:
                return route.abort("blockedbyclient")
            case _:
                assert_never(self._fault)

    def refuse(self, _route: Route) -> Any:
        """Refuse the request that a route of the test's sends on itself.

        Raises:
            Error: Of Playwright, as where nobody listens.
        """
        self.met += 1
        from playwright import sync_api  # noqa: PLC0415 - is there where a request is routed

        raise sync_api.Error("Route.fetch: connect ECONNREFUSED (injected by outrider prove)")

    def _is_first_party(self, request: Any) -> bool:
        """Whether a request is for host and port of the first document; the origins of a demo differ by port."""
        host: str = urlsplit(request.url).netloc
        if not self._first_party and request.is_navigation_request():
            self._first_party = host
        return host == self._first_party
