"""A check of our own network, made when a target cannot be reached."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrider.probes.host_addresses import is_name, is_own, look_up
from outrider.workspace import split_address

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_S = 1.5
"""How long one answer may take; a measure has two seconds after its deadline."""

_REMEMBERED_S = 5.0
_NO_WAY = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}


class OwnNetwork:
    """Tells whether our own network is down; concurrent questions share one check.

    It checks three things: whether this host has a route to the target at all, whether any of the name servers
    that it uses answers, and whether any reference of the workspace can be reached.

    Args:
        references: Addresses, host:port, of which one is enough.
        servers: Name servers with their ports; those of this host if absent.
    """

    def __init__(self, references: Sequence[str] = (), servers: Sequence[tuple[str, int]] | None = None) -> None:
        self._references = tuple(split_address(reference) for reference in references)
        self._servers = servers
        self._answers: dict[str, tuple[float, str]] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def why_lost(self, host: str, address: str) -> str:
        """Return how our own network is down, or nothing if it is up.

        Args:
            host: The target; for this machine itself no network is needed.
            address: What its name resolved to, or empty.
        """
        if is_own(host) or (address and is_own(address)):
            return ""
        address = address or ("" if is_name(host) else host)
        if address and (reason := _no_route(address)):
            return reason
        if not address and (reason := await self._remembered("servers")):
            return reason
        return await self._remembered("references") if self._references else ""

    async def _remembered(self, question: str) -> str:
        at_s, answer = self._answers.get(question, (-_REMEMBERED_S, ""))
        if time.monotonic() - at_s < _REMEMBERED_S:
            return answer
        if question not in self._asking:
            asked = self._ask_servers() if question == "servers" else self._ask_references()
            self._asking[question] = asyncio.ensure_future(asked)
        task = self._asking[question]
        answer = await asyncio.shield(task)
        self._answers[question] = (time.monotonic(), answer)
        self._asking.pop(question, None)
        return answer

    async def _ask_references(self) -> str:
        reached = await _any(_reaches(host, port) for host, port in self._references)
        names = ", ".join(f"{host}:{port}" for host, port in self._references)
        return "" if reached else f"our own network is down: no reference can be reached ({names})"

    async def _ask_servers(self) -> str:
        from outrider.probes.dns import answers, own_servers  # noqa: PLC0415  costs start-up, needed after a failure

        servers = own_servers() if self._servers is None else self._servers
        reached = await _any(answers(server, port) for server, port in servers)
        return "" if reached else "our own network is down: no name server that this host uses answers"


async def _any(questions: object) -> bool:
    """Return whether any of the questions, asked at once, is answered by yes in time."""
    tasks = [asyncio.ensure_future(question) for question in questions]  # type: ignore[attr-defined]
    try:
        async with asyncio.timeout(LIMIT_S):
            for task in asyncio.as_completed(tasks):
                if await task:
                    return True
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
    return False


async def _reaches(host: str, port: int) -> bool:
    with suppress(OSError):
        address, _ = await look_up(host, port)
        _, writer = await asyncio.open_connection(address, port)
        writer.transport.abort()
        return True
    return False


def _no_route(address: str) -> str:
    """Return why this host has no way to an address; connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        if error.errno in _NO_WAY:
            version = "IPv6" if family == socket.AF_INET6 else "IPv4"
            return f"our own network is down: this host has no {version} route to {address}"
    return ""
