"""How many probes ask one host at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Queue:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class HostTurns:
    """At most so many at a time to a host, first come, first served; hosts do not wait for each other."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._queues: dict[str, _Queue] = {}

    async def take(self, host: str, limit_s: float) -> None:
        """Wait for a turn, which has to be given back; an empty host needs none.

        Raises:
            TimeoutError: If there is none within `limit_s`.
        """
        if not host:
            return
        queue = self._queues.get(host)
        if queue is None:
            queue = self._queues[host] = _Queue()
        if queue.under_way < self._per_host:
            queue.under_way += 1
        else:
            await self._wait(queue, limit_s)

    def give_back(self, host: str) -> None:
        """End a turn: the next in the queue has it."""
        if not host:
            return
        queue = self._queues[host]
        while queue.waiting:
            turn = queue.waiting.popleft()
            if not turn.done():  # who waited too long has left
                turn.set_result(None)
                return
        queue.under_way -= 1
        if not queue.under_way:
            del self._queues[host]

    @staticmethod
    async def _wait(queue: _Queue, limit_s: float) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        queue.waiting.append(turn)
        expiry = loop.call_later(limit_s, _expire, turn)
        try:
            await turn
        finally:
            expiry.cancel()


def _expire(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())
