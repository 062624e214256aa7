"""The process that ends programs if the prober itself is killed: `python -P program_guard.py`.

It reads a line for each program that is about to begin, `+MARK`, and for each that is over, `-MARK`. When its input
ends, which nothing can prevent when the prober dies, it kills what is left of the programs that are not over.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

import psutil

FILE = __file__
MARK = "OUTRIDER_PROGRAM"
"""The environment variable that all processes of one program have in common."""

_STARTING_S = 1.0


def main() -> None:
    """Read until the prober is gone, and end what it left."""
    running: set[str] = set()
    for line in sys.stdin:
        mark = line[1:].strip()
        if line.startswith("+"):
            running.add(mark)
        else:
            running.discard(mark)
    for mark in running:
        end_program(mark)
    if running:
        time.sleep(_STARTING_S)  # what was being started when the prober died carried no mark yet
    for mark in running:
        end_program(mark)


def end_program(mark: str) -> None:
    """Kill every process that carries a mark, what descends from one, and the groups that they lead."""
    marked = find_marked(mark)
    below = [child for process in marked for child in descendants(process)]
    for process in marked:
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
    for process in (*marked, *below):
        with suppress(psutil.Error):
            process.kill()


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return what a process started, and what that started."""
    with suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def find_marked(mark: str) -> list[psutil.Process]:
    """Return the processes that inherited a mark, wherever they went."""
    marked = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                marked.append(process)
    return marked


if __name__ == "__main__":
    main()
