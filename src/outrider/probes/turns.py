"""How many probes ask one host at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(slots=True)
class _Queue:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class HostTurns:
    """At most so many at a time to a host, first come, first served; hosts do not wait for each other."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def taken(self, host: str, limit_s: float) -> AsyncIterator[None]:
        """Wait for a turn, and hold it; an empty host needs none.

        Raises:
            TimeoutError: If there is none within `limit_s`.
        """
        if not host:
            yield
            return
        queue = self._queues.setdefault(host, _Queue())
        if queue.under_way >= self._per_host:
            await self._wait(queue, limit_s)
        else:
            queue.under_way += 1
        try:
            yield
        finally:
            self._pass_on(host, queue)

    @staticmethod
    async def _wait(queue: _Queue, limit_s: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.waiting.append(turn)
        async with asyncio.timeout(limit_s):
            await turn

    def _pass_on(self, host: str, queue: _Queue) -> None:
        while queue.waiting:
            turn = queue.waiting.popleft()
            if not turn.done():  # who waited too long has left
                turn.set_result(None)
                return
        queue.under_way -= 1
        if not queue.under_way:
            del self._queues[host]
