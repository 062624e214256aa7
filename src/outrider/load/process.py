"""The Locust process, from outside: started, listened to, told, and ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from outrider.load.wire import VARIABLE, read, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.load.wire import LoadConfig, Said, Told

_START = "import locust, sys; from outrider.load.child.locust_session import main; main(sys.argv[1:])"
"""Locust comes first, since it replaces parts of the standard library; -P keeps our own folder off the path."""

_LAST_WORDS_S = 2.0


class LocustProcess:
    """A Locust of our own; leaving the context ends it and everything that it started.

    Args:
        arguments: Locust's own.
        setting: What our part in it is told.
        folder: Where it starts.
        environment: All of it.
        log: The file that its output goes to.
    """

    def __init__(
        self, arguments: Sequence[str], setting: LoadConfig, *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self._arguments = arguments
        self._setting = setting
        self._folder = folder
        self._environment = environment
        self._log = log
        self._said: queue.SimpleQueue[Said | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        ear, ours = os.pipe()
        theirs, mouth = os.pipe()
        setting = f"{ear} {mouth} {write(self._setting).decode().strip()}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, *self._arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=self._folder, env={**self._environment, VARIABLE: setting},
                pass_fds=(ear, mouth), start_new_session=True,
            )  # fmt: skip
        os.close(ear)
        os.close(mouth)
        self._control = ours
        self._reader = threading.Thread(target=self._read, args=(theirs,), name="load", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        os.close(self._control)
        self._reader.join()

    @property
    def pid(self) -> int:
        """Its id, which is that of its session too."""
        return self._process.pid

    def hear(self, until_s: float) -> Said | None:
        """Return what it says next; None if it says nothing until then, on the monotonic clock, or never again."""
        try:
            said = self._said.get(timeout=max(0.0, until_s - time.monotonic()))
        except queue.Empty:
            return None
        if said is None:
            self._said.put(None)
        return said

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def code(self) -> int | None:
        """Return its exit code, waiting a moment for one that is about to end; None if it does not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_WORDS_S)
        return None

    @property
    def is_silent(self) -> bool:
        """Whether it has ended, and all that it said was heard."""
        return not self.is_running and not self._reader.is_alive() and self.hear(0.0) is None

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self._process.wait()

    def tell(self, message: Told) -> None:
        """Tell it something; one that is gone hears nothing."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control, write(message))

    def kill(self) -> None:
        """End it and all in its session at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _read(self, pipe: int) -> None:
        with os.fdopen(pipe, "rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # cut off by its end
                    self._said.put(read(line))
        self._said.put(None)
