"""How busy the prober's host is while it measures: what others take away from us, and what we use ourselves."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from outrider.model import HostLoad


@dataclass(frozen=True, slots=True)
class _Reading:
    """Processor seconds used so far, by process; the times of children that ended are in their parent's."""

    at_s: float
    stolen_s: float
    own: dict[int, float]
    others: dict[int, float]


class HostWatch:
    """Measures the host between its making and `load()`.

    Only processes that live through the whole time count as others: a browser that a test started and ended is
    nobody's but ours, whoever inherited its times. What a process had used before it ended moves to its parent, and
    is taken off again. Time stolen by a hypervisor counts as theirs.
    """

    def __init__(self) -> None:
        self._start = _read()

    def load(self) -> HostLoad:
        """Return the load since the start; shares are of all processors."""
        start, end = self._start, _read()
        processors = os.cpu_count() or 1
        capacity_s = max(1e-9, (end.at_s - start.at_s) * processors)
        others_s = sum(used for pid, used in end.others.items() if pid in start.others) - sum(start.others.values())
        own_s = sum(used - start.own.get(pid, 0.0) for pid, used in end.own.items())
        return HostLoad(
            processors=processors,
            load_1m=os.getloadavg()[0],
            own_share=min(1.0, max(0.0, own_s / capacity_s)),
            other_share=min(1.0, max(0.0, (others_s + end.stolen_s - start.stolen_s) / capacity_s)),
            memory_available_bytes=psutil.virtual_memory().available,
        )


def _read() -> _Reading:
    used: dict[int, float] = {}
    parents: dict[int, int] = {}
    for process in psutil.process_iter(["ppid", "cpu_times"]):
        times = process.info["cpu_times"]
        if times is not None:
            parents[process.pid] = process.info["ppid"] or 0
            used[process.pid] = times.user + times.system + times.children_user + times.children_system
    ours = _tree(os.getpid(), parents)
    return _Reading(
        at_s=time.monotonic(),
        stolen_s=getattr(psutil.cpu_times(), "steal", 0.0),
        own={pid: used[pid] for pid in ours if pid in used},
        others={pid: seconds for pid, seconds in used.items() if pid not in ours and pid != 1},
    )


def _tree(root: int, parents: dict[int, int]) -> set[int]:
    """Return a process and its descendants."""
    tree = {root}
    while grown := {pid for pid, parent in parents.items() if parent in tree and pid not in tree}:
        tree |= grown
    return tree
