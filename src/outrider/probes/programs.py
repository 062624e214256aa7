"""Programs with a limit of time and output that really ends them, and everything that they started.

A program leads a process group of its own. What leaves that group, as browsers do, is found as its descendant, or by
a mark in the environment that all of them inherit.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Final

import psutil

from outrider.probes.exchange import KEPT_BYTES
from outrider.probes.program_guard import FILE, MARK, descendants, find_marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_INHERITED: Final = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ")
_GRACE_S: Final = 0.5
_LOOK_S: Final = 0.05
_CHUNK: Final = 65_536


class Stop(StrEnum):
    """Why a program was stopped."""

    TIME = "time"
    OUTPUT = "output"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run; what may hold secrets is hidden from `repr`.

    Attributes:
        environment: Beside the few variables that every program inherits.
        input: What it reads from its standard input.
        most_output_bytes: More on its standard output stops it.
    """

    arguments: tuple[str, ...] = field(repr=False)
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    input: bytes = field(default=b"", repr=False)
    most_output_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True)
class ProgramEnd:
    """How a program ended.

    Attributes:
        exit_code: Negative is the number of a signal, as in `subprocess`.
        errors: The end of what it wrote to its standard error.
        stop: Why it was stopped, or None if it ended by itself.
    """

    exit_code: int
    duration_ms: float
    output: bytes = b""
    errors: bytes = b""
    stop: Stop | None = None


class ProgramGuard:
    """Sees to it that programs end if this process is killed; closed once, at the end.

    It starts a process of its own with the first program, see `program_guard`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the process and its input
        self._process: subprocess.Popen[str] | None = None

    def begin(self, mark: str) -> None:
        """Note a program that is about to start.

        Raises:
            OSError: If there can be no guard.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    (sys.executable, "-P", FILE), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, start_new_session=True, text=True,
                )  # fmt: skip
            self._tell(f"+{mark}")

    def end(self, mark: str) -> None:
        """Note that a program is over."""
        with self._lock, suppress(OSError):
            self._tell(f"-{mark}")

    def close(self) -> None:
        """End the guard; no program may run any more."""
        with self._lock:
            if self._process is not None:
                self._process.communicate()
                self._process = None

    def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


async def run_program(program: Program, limit_s: float, guard: ProgramGuard) -> ProgramEnd:
    """Run a program to its end, or for `limit_s`; then, or if this is cancelled, it and all that it started is killed.

    Raises:
        OSError: If it cannot be started.
    """
    running, end = _RunningProgram(program, limit_s, guard), Future[ProgramEnd]()
    threading.Thread(target=_finish, args=(end, running.run), name="probes-program", daemon=True).start()
    try:
        return await asyncio.wrap_future(end)
    except asyncio.CancelledError:
        running.stop()
        raise


def _finish(end: Future[ProgramEnd], run: Callable[[], ProgramEnd]) -> None:
    """Hand over the result of `run`, unless nobody waits for it any more."""
    if not end.set_running_or_notify_cancel():
        return
    try:
        end.set_result(run())
    except BaseException as error:
        end.set_exception(error)


def inherited_environment() -> dict[str, str]:
    """Return the variables that every program inherits from ours."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


class _RunningProgram:
    """A program under way, watched by one thread; `stop` may be called from another."""

    def __init__(self, program: Program, limit_s: float, guard: ProgramGuard) -> None:
        self._program = program
        self._guard = guard
        self._began_s = time.monotonic()
        self._ends_s = self._began_s + limit_s
        self._mark = secrets.token_hex(16)
        self._output = bytearray()
        self._errors = bytearray()
        self._lock = threading.Lock()  # guards `_process` and `_closed`
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self) -> ProgramEnd:
        """Run to the end; nothing of it is left afterwards."""
        self._guard.begin(self._mark)
        try:
            process = self._start()
        except BaseException:
            self._guard.end(self._mark)
            raise
        try:
            stop = self._watch(process)
            duration_ms = (time.monotonic() - self._began_s) * 1000
        finally:
            self._end_all(process)
        return ProgramEnd(process.wait(), duration_ms, bytes(self._output), bytes(self._errors), stop)

    def stop(self) -> None:
        """Kill everything at once."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                _kill(self._process.pid, _below(self._process.pid), signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes]:
        with tempfile.TemporaryFile() as source, self._lock:
            source.write(self._program.input)
            source.seek(0)
            if self._closed:
                raise ProcessLookupError("the prober is about to end")
            self._process = subprocess.Popen(
                self._program.arguments,
                cwd=self._program.folder,
                env={**inherited_environment(), **self._program.environment, MARK: self._mark},
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        return self._process

    def _watch(self, process: subprocess.Popen[bytes]) -> Stop | None:
        """Read what it writes until it ends or has to be stopped."""
        with selectors.DefaultSelector() as selector:
            for stream, kept in ((process.stdout, self._output), (process.stderr, self._errors)):
                assert stream is not None
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ, kept)
            while True:
                left_s = self._ends_s - time.monotonic()
                if left_s <= 0:
                    return Stop.TIME
                for key, _ in selector.select(max(0.0, min(_LOOK_S, left_s))) if selector.get_map() else ():
                    if not self._read(key.fileobj, key.data):  # type: ignore[arg-type]  # a stream, as registered
                        selector.unregister(key.fileobj)
                if len(self._output) > self._program.most_output_bytes:
                    return Stop.OUTPUT
                if _has_ended(process.pid, wait=not selector.get_map(), until_s=self._ends_s):
                    self._read_rest(selector)
                    return Stop.CLOSED if self._closed else None

    def _read(self, stream: IO[bytes], kept: bytearray) -> bool:
        """Take what there is; return whether there may be more."""
        try:
            chunk = os.read(stream.fileno(), _CHUNK)
        except BlockingIOError:
            return True
        kept += chunk
        if kept is self._errors:
            del kept[:-KEPT_BYTES]
        return bool(chunk)

    def _read_rest(self, selector: selectors.BaseSelector) -> None:
        """Take what the program wrote before it ended; others may still hold its streams open."""
        most = self._program.most_output_bytes
        while len(self._output) <= most and (ready := selector.select(0)):
            for key, _ in ready:
                if not self._read(key.fileobj, key.data):  # type: ignore[arg-type]  # a stream, as registered
                    selector.unregister(key.fileobj)

    def _end_all(self, process: subprocess.Popen[bytes]) -> None:
        """End what is left of the program: politely first if it still runs, for it may have to end others."""
        ended = _has_ended(process.pid)
        others = [] if ended else _below(process.pid)
        if not ended:
            _kill(process.pid, [], signal.SIGTERM)
            _has_ended(process.pid, wait=True, until_s=time.monotonic() + _GRACE_S)
            others = [*others, *_below(process.pid), *find_marked(self._mark)]
        _kill(process.pid, others, signal.SIGKILL)  # before `wait` frees the number of the group
        self._guard.end(self._mark)
        with self._lock:
            process.wait()
            self._process = None
        _wait_for_group(process.pid)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _has_ended(pid: int, *, wait: bool = False, until_s: float = 0.0) -> bool:
    """Return whether a child has ended, which is not waited for; with `wait` look again and again `until_s`."""
    pause_s = 0.001
    while True:
        if _is_zombie(pid):
            return True
        left_s = until_s - time.monotonic()
        if not wait or left_s <= 0:
            return False
        time.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, _LOOK_S)


def _wait_for_group(group: int) -> None:
    """Wait a moment until a killed group is gone; its dead may wait for their parents longer."""
    until_s = time.monotonic() + _GRACE_S
    while time.monotonic() < until_s:
        try:
            os.killpg(group, 0)
        except OSError:
            return
        time.sleep(0.001)


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _kill(group: int, others: list[psutil.Process], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses it for a group of zombies
        os.killpg(group, number)
    for process in others:
        with suppress(psutil.Error):
            process.send_signal(number)


def _below(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return descendants(psutil.Process(pid))
    return []
