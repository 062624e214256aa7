"""Answered requests that Locust does not report: the block of a caught response raised, or its user was stopped in it,
or it was never entered. The target has answered them, so they count, by their status."""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any

from locust import clients
from locust.contrib import fasthttp

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILED_FROM = 400


class UnreportedResponses:
    """Responses that wait for the end of their block.

    Args:
        report: Receives what Locust would have passed to listeners of `request`.
    """

    def __init__(self, report: Callable[..., None]) -> None:
        self._report = report
        self._waiting: dict[int, dict[str, Any]] = {}
        self._reported = 0

    def watch(self) -> None:
        """Follow the blocks of Locust's clients from now on."""
        for response in (clients.ResponseContextManager, fasthttp.ResponseContextManager):
            setattr(response, "__exit__", self._followed(response.__exit__))  # noqa: B010 - mypy: a method

    def wait_for(self, response: Any) -> None:
        """Expect that Locust reports this response at the end of its block."""
        self._waiting[id(response)] = _outcome(response)
        weakref.finalize(response, self._give_up, id(response)).atexit = False

    def hold(self, response: Any) -> dict[str, Any] | None:
        """Return what is to be reported of a response, and expect it no longer; None if it is not expected."""
        return self._waiting.pop(id(response), None)

    def put_back(self, response: Any, outcome: dict[str, Any]) -> None:
        """Expect the report of a response again."""
        self._waiting[id(response)] = outcome

    def reported(self) -> None:
        """Note that Locust has reported a response."""
        self._reported += 1

    def report_all(self) -> None:
        """Report those whose block did not end with the load."""
        for key in list(self._waiting):
            self._give_up(key)

    def _give_up(self, key: int) -> None:
        if outcome := self._waiting.pop(key, None):
            self._report(**outcome)

    def _followed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def leave(response: Any, *error: Any) -> Any:
            before = self._reported
            try:
                return original(response, *error)
            finally:
                outcome = self._waiting.pop(id(response), None)
                if outcome and self._reported == before:
                    self._report(**outcome)

        return leave


def _outcome(response: Any) -> dict[str, Any]:
    """Return what there is to report, without the response: it has to be free to be collected."""
    meta, error = response.request_meta, getattr(response, "error", None)
    status = int(getattr(response, "status_code", 0) or 0)
    failure = meta["exception"] or error or (f"HTTP status {status}" if status >= _FAILED_FROM else None)
    return {
        "request_type": meta["request_type"],
        "name": meta["name"],
        "response_time": meta.get("response_time", 0.0),
        "response_length": meta["response_length"],
        "exception": str(failure) if failure else None,
    }
