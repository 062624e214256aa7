"""Many transfers of libcurl at a time, within an event loop.

libcurl says which sockets it waits for (https://curl.se/libcurl/c/curl_multi_socket_action.html). They are watched by a
selector of our own, which the event loop watches as one file: that costs half of what watching each socket would.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pycurl

from outrider.probes.sockets import new_sockets

_AT_ONCE = 1000
_EARLY_S = 0.0005


class Transfers:
    """Carry out transfers; must be made, used and closed within one running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets = new_sockets()
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = math.inf
        self._waiting: dict[pycurl.Curl, asyncio.Future[tuple[int, str]]] = {}
        self._spare: list[pycurl.Curl] = []
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._loop.add_reader(self._sockets.fileno(), self._sockets_ready)

    def borrow(self) -> pycurl.Curl:
        """Return a handle without options; hand it back with `give_back`."""
        return self._spare.pop() if self._spare else pycurl.Curl()

    def give_back(self, curl: pycurl.Curl) -> None:
        """Take back a handle, reset."""
        curl.reset()
        curl.setopt(pycurl.COOKIELIST, "ALL")  # which `reset` keeps
        self._spare.append(curl)

    async def perform(self, curl: pycurl.Curl) -> tuple[int, str]:
        """Carry out one transfer, and return libcurl's code (0 is success) and message."""
        done: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        self._waiting[curl] = done
        self._multi.add_handle(curl)
        try:
            return await done
        finally:
            if self._waiting.pop(curl, None) is not None:  # cancelled
                self._multi.remove_handle(curl)

    def close(self) -> None:
        """Release everything; no transfer may be under way."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._sockets.fileno())
        self._multi.close()
        self._sockets.close()
        for curl in self._spare:
            curl.close()

    def _watch(self, what: int, socket: int, _multi: object, _data: object) -> None:
        # libcurl's POLL_IN, POLL_OUT and POLL_INOUT are our events; POLL_REMOVE is a number of its own.
        self._sockets.wait_for(socket, 0 if what == pycurl.POLL_REMOVE else what)

    def _set_timer(self, after_ms: int) -> None:
        """Note when libcurl wants to be called; an earlier call than that only looks, and is not worth cancelling."""
        if after_ms < 0:
            self._due_s = math.inf
            return
        self._due_s = self._loop.time() + after_ms / 1000
        if self._timer is None or self._timer.when() > self._due_s:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._due_s, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        if self._loop.time() >= self._due_s - _EARLY_S:
            self._due_s = math.inf
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._finish()
        elif self._due_s < math.inf:
            self._timer = self._loop.call_at(self._due_s, self._timer_fired)

    def _sockets_ready(self) -> None:
        for socket, events in self._sockets.ready():
            self._multi.socket_action(socket, events)
        self._finish()

    def _finish(self) -> None:
        remaining = 1
        while remaining:
            remaining, succeeded, failed = self._multi.info_read(_AT_ONCE)
            for curl in succeeded:
                self._end(curl, 0, "")
            for curl, code, message in failed:
                self._end(curl, code, message)

    def _end(self, curl: pycurl.Curl, code: int, message: Any) -> None:
        self._multi.remove_handle(curl)
        done = self._waiting.pop(curl)
        if not done.done():
            done.set_result((code, message))
