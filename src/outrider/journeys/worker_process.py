"""A worker from outside: started, spoken to, and ended whatever it is doing."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrider.journeys.worker_messages import Channel, Message, Ready
from outrider.model import OutriderError, tail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.journeys.fork_client import Origin
    from outrider.journeys.worker_messages import StartPytest

START_S = 60.0
_LACKING = re.compile(r"error while loading shared libraries: (\S+):")
_PROGRESS = re.compile(r"\A\s*collect[^\n]*\n+(\S+\.py ?[.FEsxX]*)?")  # pytest's own words about the test that runs
LOG_TAIL = 4000


class WorkerError(OutriderError):
    """A worker did not start, or ended by itself; the message holds its last output."""


class NotReadyInTime(WorkerError):
    """A worker took longer to start than there was time: this host is too slow or too busy."""


class WorkerProcess:
    """One worker and the channel to it.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self, origin: Origin, root: Path, log: Path, start: StartPytest, *, with_driver: bool) -> None:
        self._origin = origin
        self._root = root
        self._log = log
        self._exit_code: int | None = None
        self._printed_before = 0
        near, far = socket.socketpair()
        self._channel = Channel(near)
        try:
            with log.open("ab") as output, far:
                self._pid = origin.start(far.fileno(), output.fileno(), with_driver=with_driver)
        except BaseException:
            near.close()
            raise
        with suppress(OSError):  # it has ended already, which is noticed when it does not get ready
            self._channel.send(start)

    def wait_ready(self, limit_s: float = START_S) -> None:
        """Wait until the worker is warm, or has prepared what it was asked to.

        Raises:
            WorkerError: If it ends first.
            NotReadyInTime: If it takes longer than the limit.
        """
        try:
            message = self._receive(limit_s)
        except TimeoutError:
            failure = self.failure(f"did not get ready within {limit_s:.0f} s")
            raise NotReadyInTime(failure.what, slug=failure.slug, fix=failure.fix) from None
        if not isinstance(message, Ready):
            raise self.failure("did not get ready")
        self._printed_before = self._log.stat().st_size

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            WorkerError: If the worker is gone.
        """
        try:
            self._channel.send(message)
        except OSError as error:
            raise self.failure("is gone") from error

    def receive(self, timeout_s: float) -> Message:
        """Return the worker's next message.

        Raises:
            WorkerError: If the worker ended instead.
            TimeoutError: If it sent nothing in time.
        """
        message = self._receive(timeout_s)
        if message is None:
            raise self.failure("ended unexpectedly")
        return message

    def messages(self, until_s: float) -> Iterator[Message]:
        """Yield the worker's messages until a point of the monotonic clock.

        Raises:
            WorkerError: If the worker ended.
        """
        while (left_s := until_s - time.monotonic()) > 0:
            with suppress(TimeoutError):
                yield self.receive(left_s)

    def interrupt(self) -> None:
        """Interrupt the test: its time is up."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGUSR1)

    def end(self) -> None:
        """End the worker's process group and nothing else; may be called while another thread waits for its answer."""
        if self._exit_code is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the worker and its process group at once; returns when the worker itself is gone."""
        if self._exit_code is None:
            self.end()
            self._exit_code = self._origin.wait(self._pid)
        self._channel.close()

    def _receive(self, timeout_s: float) -> Message | None:
        try:
            return self._channel.receive(timeout_s)
        except ConnectionError:
            return None

    def failure(self, what: str) -> WorkerError:
        """End the worker, and return the error that quotes its last output since it was ready, if it was."""
        self.kill()
        if self._exit_code not in {None, -signal.SIGKILL}:
            what = f"{what} {_ending(self._exit_code)}"
        printed = self._log.read_bytes()[self._printed_before :].decode(errors="replace")
        output = tail(_PROGRESS.sub("", printed).strip(), LOG_TAIL).replace(f"{self._root}/", "")
        return WorkerError(
            f"the journey worker {what}",
            slug="worker-failed",
            fix=explained(output) if output else "it printed nothing",
        )


def _ending(code: int | None) -> str:
    """Return how a process ended, which is by a signal where its code is negative."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"


def explained(output: str) -> str:
    """Return a worker's last output, or what to do about it where that is known."""
    lacking = _LACKING.search(output)
    if lacking is None:
        return f"its last output:\n{output}"
    return f"Playwright needs {lacking[1]}, which this system lacks; libatomic.so.1: apt-get install libatomic1"
