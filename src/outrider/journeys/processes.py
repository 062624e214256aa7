"""Processes that are ours: each carries a mark in its environment, which whatever it starts inherits.

A mark holds the owner's process id and the moment of its birth, so that a reused id is never taken for it.
A process is ended only if it carries the mark, descends from one that does, or belongs to the process group of a
leader that does; and each is checked again, birth included, at the moment of the signal. Chromium's inner processes
overwrite the memory of their environment, hence the second and third rule.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import secrets
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NewType

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Mark = NewType("Mark", str)

VARIABLE = "OUTRIDER_OWNER"
_LINUX = platform.system() == "Linux"
_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a mark names; `space` is the process-id namespace that `pid` counts in."""

    pid: int
    born: int
    space: str

    def is_alive(self) -> bool:
        """Return whether the owner still runs; an owner in another namespace is taken to be alive."""
        return self.space != _space() or _birth(self.pid) == self.born


@dataclass(frozen=True, slots=True)
class Process:
    """A running process at the moment of a scan; zombies are not listed."""

    pid: int
    parent: int
    group: int
    born: int
    mark: str


def new_mark() -> Mark:
    """Return a mark that no other has, owned by the calling process."""
    pid = os.getpid()
    return Mark(f"outrider-{pid}-{_birth(pid)}-{_space()}-{secrets.token_hex(4)}")


def parse_mark(mark: str) -> Owner | None:
    """Return the owner that `mark` names, or None if it is no mark."""
    parts = mark.split("-")
    if len(parts) != 5 or parts[0] != "outrider" or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return Owner(int(parts[1]), int(parts[2]), parts[3])


def find_marked(mark: str, *, spare: Collection[int] = ()) -> tuple[Process, ...]:
    """Return the running processes under `mark`, whatever session they moved to.

    The caller and its ancestors are never among them, nor are the process ids to `spare`.
    """
    return choose(_scan(), lambda carried: carried == mark, spare=_lineage().union(spare))


def kill_marked(mark: str, *, spare: Collection[int] = (), timeout_s: float = 5.0) -> tuple[Process, ...]:
    """Kill everything under `mark`, again and again until nothing is left; return what is left after `timeout_s`."""
    return _kill_until_gone(lambda: find_marked(mark, spare=spare), timeout_s)


def claim_folder(root: Path) -> tuple[Mark, Path]:
    """Make a folder in `root` for what runs under a new mark; its name is the mark, which `reap_orphans` reads."""
    mark = new_mark()
    folder = root / mark
    folder.mkdir(parents=True)
    return mark, folder


def reap_orphans(root: Path, *, timeout_s: float = 5.0) -> int:
    """End what dead owners left under `root`: the processes under each claimed mark, then its folder.

    Called when Outrider starts, so that a `kill -9` leaves nothing behind for long. Only marks that were claimed in
    `root` count, so that two installations on one host never touch each other. Return how many processes there were.
    """
    folders = [folder for folder in root.glob("outrider-*") if _is_orphaned(folder.name)]
    if not folders:
        return 0
    marks = {folder.name for folder in folders}
    lineage = _lineage()
    orphans = choose(_scan(), marks.__contains__, spare=lineage)
    left = _kill_until_gone(lambda: choose(_scan(), marks.__contains__, spare=lineage), timeout_s)
    kept = {process.mark for process in left}
    for folder in folders:
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    return len(orphans)


def adopt_orphans() -> bool:
    """Make processes whose parent dies children of the caller, so that a double fork hides nothing; Linux only."""
    if not _LINUX:
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def choose(
    processes: tuple[Process, ...], is_ours: Callable[[str], bool], *, spare: frozenset[int] = frozenset()
) -> tuple[Process, ...]:
    """Return those that carry a mark that `is_ours`, their descendants, and the groups that they lead."""
    ours = {process.pid for process in processes if process.mark and is_ours(process.mark)} - spare
    while True:
        grown = ours | {p.pid for p in processes if (p.parent in ours or p.group in ours) and p.pid not in spare}
        if grown == ours:
            return tuple(process for process in processes if process.pid in ours)
        ours = grown


def _is_orphaned(mark: str) -> bool:
    owner = parse_mark(mark)
    return owner is not None and not owner.is_alive()


def _kill_until_gone(find: Callable[[], tuple[Process, ...]], timeout_s: float) -> tuple[Process, ...]:
    deadline = time.monotonic() + timeout_s
    pause_s = 0.002
    while (processes := find()) and time.monotonic() < deadline:
        for process in processes:
            _kill(process)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.05)
    return processes


def _kill(process: Process) -> None:
    """Kill exactly that process: the handle pins it, and its birth is compared before the signal."""
    with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
        if not hasattr(os, "pidfd_open"):
            if _birth(process.pid) == process.born:
                psutil.Process(process.pid).kill()
            return
        handle = os.pidfd_open(process.pid)
        try:
            if _birth(process.pid) == process.born:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _lineage() -> frozenset[int]:
    """Return the caller and its ancestors, which no kill may touch."""
    return frozenset((os.getpid(), *(parent.pid for parent in psutil.Process().parents())))


def _scan() -> tuple[Process, ...]:
    if _LINUX:
        return tuple(filter(None, (_read_linux(entry) for entry in os.listdir(_PROC) if entry.isdecimal())))  # noqa: PTH208 - half the cost
    return tuple(filter(None, map(_read_elsewhere, psutil.process_iter())))


def _read_linux(pid: str) -> Process | None:
    try:
        state, parent, group, born = _stat(int(pid))
    except (OSError, ValueError, IndexError):
        return None
    if state in "ZX":
        return None
    try:
        environ = (_PROC / pid / "environ").read_bytes()
    except OSError:
        environ = b""
    return Process(int(pid), parent, group, born, _mark_in(environ))


def _mark_in(environ: bytes) -> str:
    prefix = f"{VARIABLE}=".encode()
    start = 0 if environ.startswith(prefix) else environ.find(b"\0" + prefix) + 1
    if start == 0 and not environ.startswith(prefix):
        return ""
    return environ[start + len(prefix) :].partition(b"\0")[0].decode(errors="replace")


def _read_elsewhere(process: psutil.Process) -> Process | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        born, parent = _birth(process.pid), process.ppid()
        group = os.getpgid(process.pid) if hasattr(os, "getpgid") else 0
    except (OSError, psutil.Error):
        return None
    try:
        mark = process.environ().get(VARIABLE, "")
    except (OSError, psutil.Error):
        mark = ""
    return Process(process.pid, parent, group, born, mark)


def _stat(pid: int) -> tuple[str, int, int, int]:
    """Return state, parent, group and start in clock ticks since boot: fields 3, 4, 5 and 22 of proc_pid_stat(5)."""
    fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    return fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[19])


def _birth(pid: int) -> int:
    """Return when a process began, zero if it does not run; a number to compare and nothing else."""
    try:
        if _LINUX:
            state, _, _, born = _stat(pid)
            return 0 if state in "ZX" else born
        return int(psutil.Process(pid).create_time() * 1000)
    except (OSError, ValueError, IndexError, psutil.Error):
        return 0


def _space() -> str:
    try:
        return "".join(filter(str.isalnum, os.readlink("/proc/self/ns/pid")))  # noqa: PTH115 - no such file: a magic link
    except OSError:
        return "host"
