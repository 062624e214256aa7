"""Turns of sign-ins: what hashes a password or waits for a provider takes no thread of those that make pages."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

T = TypeVar("T")

_THREADS = 4
_WAITING = 16
RETRY_S = 5


class TooManySignIns(Exception):
    """More people sign in now than have a turn or wait for one."""


class SignInTurns:
    """Makes few calls at a time, in threads of their own; a few more wait, and others are refused at once.

    Anybody may ask for the page of a provider that does not answer: without these limits, forty requests held all
    threads, and no page was made until they had ended.

    Args:
        threads: Calls at a time.
        waiting: Further calls that wait.
    """

    def __init__(self, threads: int = _THREADS, waiting: int = _WAITING) -> None:
        self._threads = threads
        self._most = threads + waiting
        self._lock = threading.Lock()
        self._present = 0
        self._limiter: CapacityLimiter | None = None

    async def run(self, call: Callable[..., T], request: Request, *arguments: object) -> T:
        """Return what a call returns.

        Raises:
            TooManySignIns: If too many wait.
        """
        with self._lock:
            if self._present >= self._most:
                raise TooManySignIns
            self._present += 1
            self._limiter = self._limiter or CapacityLimiter(self._threads)
        try:
            return await to_thread.run_sync(partial(call, request, *arguments), limiter=self._limiter)
        finally:
            with self._lock:
                self._present -= 1
