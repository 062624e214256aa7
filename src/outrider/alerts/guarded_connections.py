"""Connections of a library that takes no address from us, refused where the guard lets nothing go.

The interpreter reports each connection before it is made (`socket.connect`, an audit event): what is refused is the
address that would have been connected to, after every look-up and redirection. A thread that the library starts is out
of reach.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from outrider.alerts.rendered_message import Undelivered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts.network_guard import Guard


class ConnectionRefusedByGuard(PermissionError):
    """Nothing may be sent to this address."""


_current: ContextVar[tuple[Guard, list[Undelivered]] | None] = ContextVar("guarded connections", default=None)


@contextmanager
def guarded_connections(guard: Guard) -> Iterator[list[Undelivered]]:
    """Refuse, in this thread, connections that the guard does not allow; yield what it said of those, as it grows."""
    _install()
    refusals: list[Undelivered] = []
    token = _current.set((guard, refusals))
    try:
        yield refusals
    finally:
        _current.reset(token)


@cache
def _install() -> None:
    """An audit hook stays for as long as the process lives: there is one."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or (current := _current.get()) is None or not isinstance(arguments[1], tuple):
        return
    guard, refusals = current
    try:
        guard.address(str(arguments[1][0]), int(arguments[1][1]))
    except Undelivered as refusal:
        refusals.append(refusal)
        raise ConnectionRefusedByGuard(str(refusal)) from None
