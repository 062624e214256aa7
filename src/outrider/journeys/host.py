"""How busy the prober's host is while it measures, and how much of that is our own doing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from outrider.model import HostLoad


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    busy_s: float
    own_s: float


class HostWatch:
    """Measures the host between its making and `load()`."""

    def __init__(self) -> None:
        self._start = _read()

    def load(self) -> HostLoad:
        """Return the load since the start."""
        end = _read()
        processors = os.cpu_count() or 1
        capacity_s = max(1e-9, (end.at_s - self._start.at_s) * processors)
        own = min(1.0, max(0.0, end.own_s - self._start.own_s) / capacity_s)
        busy = min(1.0, (end.busy_s - self._start.busy_s) / capacity_s)
        return HostLoad(
            processors=processors,
            load_1m=os.getloadavg()[0],
            own_share=own,
            other_share=max(0.0, busy - own),
            memory_available_bytes=psutil.virtual_memory().available,
        )


def _read() -> _Reading:
    times = psutil.cpu_times()
    busy = sum(times) - times.idle - getattr(times, "iowait", 0.0)
    busy -= getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted in user already
    return _Reading(time.monotonic(), busy, _own_seconds())


def _own_seconds() -> float:
    """CPU time of our process tree; renderers that ended are in the times of the process that reaped them."""
    me = psutil.Process()
    total = 0.0
    for process in [me, *me.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
        if process is not me:
            total += times.children_user + times.children_system
    return total
