"""Bodies that users read as they come (`stream=True`): a request whose next bytes do not come has no answer.

Locust reports it when its head is there. Where its body stalls, the report is taken back until the body goes on.
"""

from __future__ import annotations

import functools
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gevent
from gevent import GreenletExit
from locust import clients
from locust.contrib import fasthttp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from outrider.load.child.unreported_responses import UnreportedResponses
    from outrider.load.tally import Tally

_REPORTED = "outrider_reported"
_LEAST_S = 1.0
"""Shorter pauses of a body are none."""


@dataclass(eq=False, slots=True)
class BodyRead:
    """A user who waits for the next bytes of a body; monotonic seconds.

    Attributes:
        unreported: What Locust has yet to report of the response; None if it has.
        is_taken_back: Whether its report is.
    """

    response: Any
    unreported: dict[str, Any] | None
    since_s: float = field(default_factory=time.perf_counter)
    is_taken_back: bool = False

    @property
    def age_ms(self) -> float:
        """How long the user has waited."""
        return (time.perf_counter() - self.since_s) * 1000

    @property
    def endpoint(self) -> str:
        """Return method and name; empty where the request counts as failed, or is none of Locust's."""
        if self.unreported is not None:
            failed = self.unreported["exception"]
            return "" if failed else f"{self.unreported['request_type']} {self.unreported['name']}".strip()
        endpoint, _ = getattr(self.response, _REPORTED, ("", None))
        return str(endpoint)

    def count(self, by: int) -> None:
        """Count what Locust has reported once more, or take it back."""
        if self.unreported is None:
            _, answered = getattr(self.response, _REPORTED)
            answered(count=by)
            self.is_taken_back = by < 0


class StreamedBodies:
    """All bodies that users of this process wait for.

    Args:
        tally: Where requests are counted.
        unreported: What is answered but to be reported later.
        is_open: Tells whether the request of this greenlet is still open: its body is read by the client.
    """

    def __init__(self, tally: Tally, unreported: UnreportedResponses, is_open: Callable[[], bool]) -> None:
        self._tally = tally
        self._unreported = unreported
        self._is_open = is_open
        self._reads: dict[int, BodyRead] = {}

    def watch(self) -> None:
        """Follow bodies of Locust's clients from now on."""
        for response in (clients.ResponseContextManager, fasthttp.FastResponse):
            setattr(response, "iter_content", self._followed_chunks(response.iter_content))  # noqa: B010 - mypy: a method
        setattr(fasthttp.FastResponse, "_content", self._followed(fasthttp.FastResponse._content))  # noqa: B010

    def reported(self, response: object, endpoint: str, answered: Callable[..., None]) -> None:
        """Note how a response was counted whose body is still to be read."""
        is_fast = isinstance(response, fasthttp.FastResponse)
        is_read = hasattr(response, "_cached_content") if is_fast else getattr(response, "_content_consumed", True)
        if not is_read:
            setattr(response, _REPORTED, (endpoint, answered))

    def report(self, *, is_last: bool = False) -> None:
        """Hand the tally what has been waited for for a while; at the end of the load leave no response unreported."""
        for read in self._reads.values():
            if read.age_ms >= _LEAST_S * 1000 and read.endpoint:
                self._take_back(read)
                self._tally.still_open(read.endpoint, read.age_ms, [read.age_ms])
            elif is_last and read.unreported is not None:
                self._go_on(read)
                read.unreported = None

    @staticmethod
    def _take_back(read: BodyRead) -> None:
        if not read.is_taken_back:
            read.count(-1)

    def _followed(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(original)
        def content(response: Any) -> Any:
            if self._is_open():  # each request of a client that is not streamed comes by here
                return original(response)
            with self._waiting(response):
                return original(response)

        return content

    def _followed_chunks(self, original: Callable[..., Iterable[Any]]) -> Callable[..., Iterator[Any]]:
        @functools.wraps(original)
        def iter_content(response: Any, *args: Any, **options: Any) -> Iterator[Any]:
            return self._chunks(response, iter(original(response, *args, **options)))

        return iter_content

    def _chunks(self, response: Any, chunks: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while True:
            with self._waiting(response):
                chunk = next(chunks, end)
            if chunk is end:
                return
            yield chunk

    @contextmanager
    def _waiting(self, response: Any) -> Iterator[None]:
        if self._is_open():
            yield
            return
        read = BodyRead(response, self._unreported.hold(response))
        self._reads[id(read)] = read
        try:
            yield
        except (GreenletExit, gevent.Timeout):
            self._give_up(read)
            raise
        finally:
            if self._reads.pop(id(read), None):
                self._go_on(read)

    def _give_up(self, read: BodyRead) -> None:
        """Count a body as unanswered that its user waits for no longer, or was stopped in."""
        if read.age_ms >= _LEAST_S * 1000 and read.endpoint:
            del self._reads[id(read)]
            self._take_back(read)
            self._tally.unanswered(time.time(), read.endpoint, read.age_ms, [read.age_ms])

    def _go_on(self, read: BodyRead) -> None:
        if read.unreported is not None:
            self._unreported.put_back(read.response, read.unreported)
        elif read.is_taken_back:
            read.count(1)
