"""Faults that `outrider prove` injects by routing: what a journey would meet if its target were broken."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


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


def handler(fault: Fault) -> Callable[[Route], Any]:
    """Return the route handler of a fault, for either API: what it returns is awaited where it can be."""
    match fault:
        case Fault.ABORT:
            return lambda route: route.abort("connectionrefused")
        case Fault.ERROR:
            return lambda route: route.fulfill(status=500, content_type="text/plain", body="injected by outrider prove")
        case Fault.EMPTY:
            return lambda route: route.fulfill(status=200, content_type="text/html", body="")
        case Fault.DELAY:
            return lambda _route: None  # never answered: longer than any timeout
        case Fault.THIRD_PARTY:
            return _ThirdParties()
        case _:
            assert_never(fault)


class _ThirdParties:
    """Blocks every host but that of the first document; ports count, since a demo's two origins differ by port."""

    def __init__(self) -> None:
        self._first_party = ""

    def __call__(self, route: Route) -> Any:
        host = urlsplit(route.request.url).netloc
        if not self._first_party and route.request.is_navigation_request():
            self._first_party = host
        return route.abort("blockedbyclient") if host != self._first_party else route.fallback()
