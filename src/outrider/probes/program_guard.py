"""The process that ends programs if the prober itself is killed: `python -P program_guard.py`.

It reads a line for each program that begins, `+ID MARK`, and for each that is over, `-ID`. When its input ends, which
nothing can prevent when the prober dies, it kills what is left of the programs that are not over.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

import psutil

FILE = __file__
MARK = "OUTRIDER_PROGRAM"
"""The environment variable that all processes of one program have in common."""


def main() -> None:
    """Read until the prober is gone, and end what it left."""
    running: dict[int, str] = {}
    for line in sys.stdin:
        number, _, mark = line[1:].strip().partition(" ")
        if line.startswith("+"):
            running[int(number)] = mark
        else:
            running.pop(int(number), None)
    for group, mark in running.items():
        end_program(group, mark)


def end_program(group: int, mark: str) -> None:
    """Kill every process that carries a mark, what descends from one, and the group if its leader carries it."""
    marked = find_marked(mark)
    below = [child for process in marked for child in descendants(process)]
    if any(process.pid == group for process in marked):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
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
