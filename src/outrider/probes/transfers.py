"""Many transfers of libcurl at a time, within an event loop.

libcurl says which sockets it waits for (https://curl.se/libcurl/c/curl_multi_socket_action.html). They are watched by a
selector of our own, which the event loop watches as one file: that costs half of what watching each socket would.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

import pycurl

_READABLE, _WRITABLE = selectors.EVENT_READ, selectors.EVENT_WRITE
_AT_ONCE = 1000


class Transfers:
    """Carries out transfers; must be made, used and closed within one running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._selector = selectors.DefaultSelector()
        self._timer: asyncio.Handle | None = None
        self._waiting: dict[pycurl.Curl, asyncio.Future[tuple[int, str]]] = {}
        self._spare: list[pycurl.Curl] = []
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._loop.add_reader(self._selector, self._sockets_ready)

    def borrow(self) -> pycurl.Curl:
        """Return a handle without options; hand it back with `give_back`."""
        return self._spare.pop() if self._spare else pycurl.Curl()

    def give_back(self, curl: pycurl.Curl) -> None:
        """Take back a handle, cleared of everything but its cookies, which every transfer has to clear for itself."""
        curl.reset()
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
        """Let go of everything; nothing may be under way."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._selector)
        self._multi.close()
        self._selector.close()
        for curl in self._spare:
            curl.close()

    def _watch(self, what: int, socket: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            if socket in self._selector.get_map():
                self._selector.unregister(socket)
            return
        events = (_READABLE if what & pycurl.POLL_IN else 0) | (_WRITABLE if what & pycurl.POLL_OUT else 0)
        if socket in self._selector.get_map():
            self._selector.modify(socket, events)
        else:
            self._selector.register(socket, events)

    def _set_timer(self, after_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if after_ms == 0:
            self._timer = self._loop.call_soon(self._timer_fired)
        elif after_ms > 0:
            self._timer = self._loop.call_later(after_ms / 1000, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._finish()

    def _sockets_ready(self) -> None:
        for key, events in self._selector.select(0):
            ready = (pycurl.CSELECT_IN if events & _READABLE else 0) | (pycurl.CSELECT_OUT if events & _WRITABLE else 0)
            self._multi.socket_action(key.fd, ready)
        self._finish()

    def _finish(self) -> None:
        left = 1
        while left:
            left, succeeded, failed = self._multi.info_read(_AT_ONCE)
            for curl in succeeded:
                self._end(curl, 0, "")
            for curl, code, message in failed:
                self._end(curl, code, message)

    def _end(self, curl: pycurl.Curl, code: int, message: Any) -> None:
        self._multi.remove_handle(curl)
        done = self._waiting.pop(curl)
        if not done.done():
            done.set_result((code, message))
