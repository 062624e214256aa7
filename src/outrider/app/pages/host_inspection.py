"""How busy this host is, and how much room it has."""

from __future__ import annotations

import os
import platform
import shutil
from contextlib import suppress
from pathlib import Path

from outrider.model import HostState

_MEMORY = Path("/proc/meminfo")


def host_state(folder: Path) -> HostState:
    """Return the state of this host; the disk is the one that a folder lies on.

    What the system does not tell is None.
    """
    load = free = size = available = None
    with suppress(OSError):
        load = os.getloadavg()[0]
    with suppress(OSError):
        disk = shutil.disk_usage(folder)
        free, size = disk.free, disk.total
    with suppress(OSError, ValueError, IndexError):
        lines = _MEMORY.read_text().splitlines()
        available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return HostState(platform.node(), os.cpu_count() or 1, load, available, free, size)
