"""Requests that were sent and have no answer yet.

Locust fires its `request` event when a request is over, so one that hangs is invisible to it. Locust has no event for
the beginning of a request: the two clients that it brings are wrapped.
"""

from __future__ import annotations

import functools
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gevent
from gevent import GreenletExit
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from requests import Request, RequestException

from outrider.load.child import pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.load.child.unreported_responses import UnreportedResponses
    from outrider.load.tally import Tally

_CONNECTING = {
    "_get_conn", "connect", "create_connection", "get_socket", "getaddrinfo", "is_connection_dropped", "do_handshake",
}  # fmt: skip
"""Functions of the clients' libraries that run before a request is sent."""

_READING = {"getresponse", "_read_headers"}
"""Functions of the clients' libraries that run when a request was sent."""

_LEAST_AGE_S = 1.0
"""Younger requests are left out of the reports during the load; at its end all of them are counted."""


@dataclass(eq=False, slots=True)
class OpenRequest:
    """A request without an answer; monotonic seconds."""

    session: Any
    method: str
    url: Any
    name: str | None
    params: Any
    start: pace.Start | None
    began_s: float = field(default_factory=time.perf_counter)
    known_endpoint: str = ""

    @property
    def endpoint(self) -> str:
        """Return method and name, as Locust would report them."""
        if not self.known_endpoint:
            name = self.name or getattr(self.session, "request_name", None) or self._path()
            self.known_endpoint = f"{self.method} {name}".strip()
        return self.known_endpoint

    @property
    def age_s(self) -> float:
        """Time since it was sent."""
        return time.perf_counter() - self.began_s

    def ages_ms(self) -> tuple[float, list[float]]:
        """Return the age since it was sent, and the ages since the intended starts that wait for its end."""
        age_ms = self.age_s * 1000
        return age_ms, pace.intended_ages_ms(self.start, age_ms)

    def _path(self) -> str:
        if not isinstance(self.session, HttpSession):
            return str(self.url)
        try:
            url = self.session._build_url(self.url)
            return Request("GET", url, params=self.params).prepare().path_url
        except (RequestException, ValueError):
            return str(self.url)


def _may_be_sent(request: OpenRequest, error: BaseException) -> bool:
    """Tell whether the target may have seen a request that ended without an answer.

    Its user was stopped or gave it up: one that cannot connect counts too. Other errors come from within the client.
    """
    names = {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}
    if not isinstance(error, GreenletExit | gevent.Timeout):
        return not _READING.isdisjoint(names)
    return request.age_s >= _LEAST_AGE_S or _CONNECTING.isdisjoint(names)


def _is_connecting(greenlet: Any) -> bool:
    names = set()
    frame = getattr(greenlet, "gr_frame", None)
    while frame is not None:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return not _CONNECTING.isdisjoint(names)


class OpenRequests:
    """All requests without an answer in this process.

    Args:
        tally: Where requests are counted that are given up.
        unreported: What is answered but to be reported later.
    """

    def __init__(self, tally: Tally, unreported: UnreportedResponses) -> None:
        self._tally = tally
        self._unreported = unreported
        self._open: dict[Any, OpenRequest] = {}

    def watch(self) -> None:
        """Follow Locust's clients from now on."""
        for session in (HttpSession, FastHttpSession):
            setattr(session, "request", self._followed(session.request))  # noqa: B010 - mypy: a method

    def is_open(self) -> bool:
        """Tell whether this greenlet has a request without an answer."""
        return gevent.getcurrent() in self._open

    def answered(self) -> None:
        """Forget the request of this greenlet: Locust has reported it."""
        self._open.pop(gevent.getcurrent(), None)

    def report(self, *, is_last: bool = False) -> None:
        """Hand the tally what has been open for a while; at the end of the load, all that may have been sent."""
        self._tally.open.clear()
        for greenlet, request in self._open.items():
            if request.age_s >= _LEAST_AGE_S or (is_last and not _is_connecting(greenlet)):
                self._tally.still_open(request.endpoint, *request.ages_ms())

    def _followed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def request(session: Any, method: str, url: Any, name: str | None = None, *args: Any, **options: Any) -> Any:
            greenlet = gevent.getcurrent()
            opened = OpenRequest(session, method, url, name, options.get("params"), pace.pending())
            self._open[greenlet] = opened
            try:
                response = original(session, method, url, name, *args, **options)
            except BaseException as error:
                if self._open.get(greenlet) is opened and _may_be_sent(opened, error):
                    self._tally.unanswered(time.time(), opened.endpoint, *opened.ages_ms())
                raise
            else:
                if self._open.get(greenlet) is opened:
                    self._unreported.wait_for(response)
                return response
            finally:
                if self._open.get(greenlet) is opened:
                    del self._open[greenlet]

        return request
