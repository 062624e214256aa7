"""The Locust process, seen from its parent: started, read, controlled, and ended with all that it started."""

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

    from outrider.load.wire import ChildMessage, ControlMessage, LoadConfig

_START = (
    "import gc; gc.disable(); import locust, sys; from outrider.load.child.locust_session import main; "
    "gc.freeze(); gc.enable(); main(sys.argv[1:])"
)
"""Locust comes first, since it replaces parts of the standard library; -P keeps our own folder off the path.

What is imported stays: collecting garbage meanwhile, and searching it at the end, took a quarter of the start's time.
"""

_EXIT_S = 2.0


class LocustProcess:
    """A Locust of our own; leaving the context ends it and everything that it started.

    Args:
        arguments: Locust's own.
        config: Of our part in it.
        folder: Where it starts.
        environment: All of it.
        log: The file that its output goes to.
    """

    def __init__(
        self, arguments: Sequence[str], config: LoadConfig, *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self._arguments = arguments
        self._config = config
        self._folder = folder
        self._environment = environment
        self._log = log
        self._messages: queue.SimpleQueue[ChildMessage | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        child_control, control = os.pipe()
        output, child_output = os.pipe()
        config = f"{child_control} {child_output} {write(self._config).decode().strip()}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, *self._arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=self._folder, env={**self._environment, VARIABLE: config},
                pass_fds=(child_control, child_output), start_new_session=True,
            )  # fmt: skip
        os.close(child_control)
        os.close(child_output)
        self._control = control
        self._reader = threading.Thread(target=self._read, args=(output,), name="load", daemon=True)
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

    def receive(self, until_s: float) -> ChildMessage | None:
        """Return its next message; None if there is none until then, on the monotonic clock, or never again."""
        try:
            message = self._messages.get(timeout=max(0.0, until_s - time.monotonic()))
        except queue.Empty:
            return None
        if message is None:
            self._messages.put(None)
        return message

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def code(self) -> int | None:
        """Return its exit code, waiting a moment for one that is about to end; None if it does not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_EXIT_S)
        return None

    @property
    def is_silent(self) -> bool:
        """Whether it has ended, and all its messages were received."""
        return not self.is_running and not self._reader.is_alive() and self.receive(0.0) is None

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self._process.wait()

    def send(self, message: ControlMessage) -> None:
        """Send it a message; one that has ended receives nothing."""
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
                    self._messages.put(read(line))
        self._messages.put(None)
