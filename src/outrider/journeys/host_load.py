"""How busy the prober's host is while it measures: what others take away from us, and what we use ourselves."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from outrider.model import HostLoad

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class _Reading:
    """Processor seconds used so far, by process; the times of children that ended are in their parent's."""

    at_s: float
    stolen_s: float
    own: dict[int, float]
    others: dict[int, float]
    parents: dict[int, int]


class HostWatch:
    """Measures the host between its making and `load()`.

    Only processes that live through the whole time count as others: a browser that a test started and ended is
    nobody's but ours, whoever inherited its times. What a process had used before it ended may move to its parent, and
    is taken off there again, and nowhere else: who was nobody's child must not hide what others do. Time stolen by a
    hypervisor counts as theirs.
    """

    def __init__(self) -> None:
        self._start = _read()

    def load(self) -> HostLoad:
        """Return the load since the start; shares are of all processors."""
        start, end = self._start, _read()
        processors = os.cpu_count() or 1
        capacity_s = max(1e-9, (end.at_s - start.at_s) * processors)
        began_with_us = {pid: used for pid, used in end.others.items() if pid in start.others}
        others_s = _used_s(start.others, began_with_us, start.parents)
        own_s = _used_s(start.own, end.own, start.parents)
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
    for pid, parent, seconds in _by_proc() if (_PROC / "self" / "stat").is_file() else _by_psutil():
        parents[pid], used[pid] = parent, seconds
    ours = _tree(os.getpid(), parents)
    return _Reading(
        at_s=time.monotonic(),
        stolen_s=getattr(psutil.cpu_times(), "steal", 0.0),
        own={pid: used[pid] for pid in ours if pid in used},
        others={pid: seconds for pid, seconds in used.items() if pid not in ours and pid != 1},
        parents=parents,
    )


def _used_s(before: dict[int, float], after: dict[int, float], parents: dict[int, int]) -> float:
    """Return what processes used between two readings, by process, without what they inherited of earlier times."""
    left: dict[int, float] = {}  # what those had used before who ended since, by the nearest ancestor that lives
    for pid in before.keys() - after.keys():
        heir = parents[pid]
        while heir in before and heir not in after:
            heir = parents[heir]
        left[heir] = left.get(heir, 0.0) + before[pid]
    return sum(max(0.0, used - before.get(pid, 0.0) - left.get(pid, 0.0)) for pid, used in after.items())


def _by_proc() -> Iterator[tuple[int, int, float]]:
    """Yield process, parent and processor seconds at half of psutil's cost: fields 4, 14 to 17 of proc_pid_stat(5)."""
    for entry in os.listdir(_PROC):  # noqa: PTH208 - half the cost
        if entry.isdecimal():
            with suppress(OSError, ValueError, IndexError), open(f"/proc/{entry}/stat", "rb") as stat:  # noqa: PTH123
                fields = stat.read().rpartition(b")")[2].split()
                yield int(entry), int(fields[1]), sum(map(int, fields[11:15])) / _TICKS_PER_S


def _by_psutil() -> Iterator[tuple[int, int, float]]:
    for process in psutil.process_iter(["ppid", "cpu_times"]):
        times = process.info["cpu_times"]
        if times is not None:
            seconds = times.user + times.system + times.children_user + times.children_system
            yield process.pid, process.info["ppid"] or 0, seconds


def _tree(root: int, parents: dict[int, int]) -> set[int]:
    """Return a process and its descendants."""
    tree = {root}
    while grown := {pid for pid, parent in parents.items() if parent in tree and pid not in tree}:
        tree |= grown
    return tree
