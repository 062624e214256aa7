"""Whether the disk has room for telemetry: checks and their store need it more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from outrider.telemetry.spool import SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrider.telemetry.limits import Tally


def free_bytes(folder: Path) -> int:
    """Return how much of its disk this user may still write."""
    return shutil.disk_usage(folder).free


class DiskRoom:
    """Refuses telemetry while its disk is nearly full.

    Args:
        folder: On the disk; it exists.
        least_bytes: What is left to everything else.
        tally: Counts the requests that are refused.
        free: Returns the free bytes of a folder's disk.
    """

    def __init__(self, folder: Path, least_bytes: int, tally: Tally, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._least_bytes = least_bytes
        self._tally = tally
        self._free = free

    def missing_bytes(self) -> int:
        """Return by how much too little is free; 0 if it is enough."""
        return max(0, self._least_bytes - self._free(self._folder))

    def check(self, source: str = "") -> None:
        """Refuse what a source sends while the disk is nearly full.

        Raises:
            SpoolFull: Clients are to send again later.
        """
        if self.missing_bytes():
            self._tally.add("requests refused, disk nearly full", source=source)
            raise SpoolFull(f"the disk is nearly full: less than {self._least_bytes:,} bytes are free")
