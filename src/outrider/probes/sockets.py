"""A poller of many sockets that can itself be polled as one file.

`selectors` does the same on every system at three times the cost for a socket; a probe opens a new one each time.
"""

from __future__ import annotations

import select
import selectors
from typing import Protocol

READABLE, WRITABLE = 1, 2


class Sockets(Protocol):
    """Sockets, each with what is waited for: `READABLE`, `WRITABLE`, or both."""

    def fileno(self) -> int:
        """Return the file that is readable when any of them is ready."""
        ...

    def wait_for(self, socket: int, events: int) -> None:
        """Wait for these events of a socket from now on, and no others; zero for none."""
        ...

    def ready(self) -> list[tuple[int, int]]:
        """Return the sockets that are ready now, each with its events."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class EpollSockets:
    """Sockets by Linux's epoll(7)."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._known: set[int] = set()
        self.fileno = self._epoll.fileno
        self.close = self._epoll.close

    def wait_for(self, socket: int, events: int) -> None:
        """Wait for these events of a socket from now on, and no others; zero for none."""
        mask = (select.EPOLLIN if events & READABLE else 0) | (select.EPOLLOUT if events & WRITABLE else 0)
        if socket not in self._known:
            if mask:
                self._known.add(socket)
                self._epoll.register(socket, mask)
        elif mask:
            self._epoll.modify(socket, mask)
        else:
            self._known.discard(socket)
            self._epoll.unregister(socket)

    def ready(self) -> list[tuple[int, int]]:
        """Return the sockets that are ready now, each with its events; an error counts as readable and writable."""
        out, err = select.EPOLLOUT, select.EPOLLERR | select.EPOLLHUP
        return [
            (socket, (READABLE if mask & ~out else 0) | (WRITABLE if mask & (out | err) else 0))
            for socket, mask in self._epoll.poll(0)
        ]


class SelectorSockets:
    """Sockets by whatever the system has."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.close = self._selector.close

    def fileno(self) -> int:
        """Return the file that is readable when any of them is ready."""
        return self._selector.fileno()

    def wait_for(self, socket: int, events: int) -> None:
        """Wait for these events of a socket from now on, and no others; zero for none."""
        if socket not in self._selector.get_map():
            if events:
                self._selector.register(socket, events)
        elif events:
            self._selector.modify(socket, events)
        else:
            self._selector.unregister(socket)

    def ready(self) -> list[tuple[int, int]]:
        """Return the sockets that are ready now, each with its events."""
        return [(key.fd, events) for key, events in self._selector.select(0)]


def new_sockets() -> Sockets:
    """Return the fastest poller of this system."""
    return EpollSockets() if hasattr(select, "epoll") else SelectorSockets()
