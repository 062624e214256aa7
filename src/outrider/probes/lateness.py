"""The lateness of the prober itself, whose delay would otherwise count as the target's."""

from __future__ import annotations

import asyncio
import time
from collections import deque

TICK_S = 0.01
_NOTED_S = 0.005
_REMEMBERED = 10_000


class Lateness:
    """Ticks while anything is under way, and remembers the ticks that came late.

    Whatever holds up the event loop (a full processor, a long computation) holds up the ticks as long.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._under_way = 0
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._late: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def begin(self) -> float:
        """Note that something begins; return the time that `end` needs."""
        self._under_way += 1
        if self._timer is None:
            self._schedule()
        return time.monotonic()

    def end(self, began_s: float) -> float:
        """Note that it ended; return by how many seconds the loop was late at worst meanwhile."""
        self._under_way -= 1
        if not self._under_way and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        worst_s = max(0.0, time.monotonic() - self._due_s)
        for at_s, late_s in reversed(self._late):
            if at_s < began_s:
                break
            worst_s = max(worst_s, late_s)
        return worst_s

    def _schedule(self) -> None:
        self._due_s = time.monotonic() + TICK_S
        self._timer = self._loop.call_at(self._loop.time() + TICK_S, self._tick)

    def _tick(self) -> None:
        now_s = time.monotonic()
        late_s = now_s - self._due_s
        if late_s > _NOTED_S:
            self._late.append((now_s, late_s))
        self._schedule()
