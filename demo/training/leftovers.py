"""Processes that a game started and that outlived it, such as after `kill -9`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from outrider.app.access.host_turns import user_folder
from outrider.journeys import reap_orphans

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = "OUTRIDER_TRAINING"
"""The environment variable of all that a game starts: its folder."""
_POLITE_S = 5.0


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return what games of a folder started and still runs, this process aside."""
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _mark_of(process) == str(folder)
    ]


def _mark_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get(MARK, ""))
    except (psutil.Error, OSError):  # somebody else's, or over
        return ""


def end_leftovers(folder: Path) -> int:
    """End what games of a folder left, with the folders of their browsers, and return how many processes that were.

    The caller plays there alone.
    """
    left = processes_of(folder)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(left, timeout=_POLITE_S)
    while alive := processes_of(folder):
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=_POLITE_S)
    reap_orphans(user_folder())
    return len(left)
