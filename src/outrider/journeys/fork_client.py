"""Workers that are forked from one prepared process, and those that are started as interpreters of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORK = b"fork"
FORK_WITH_DRIVER = b"fork with driver"
START_DRIVER = b"driver"
READY = b"ready"
UNFIT = b"unfit"
PACKET_BYTES = 64
ANSWER_S = 10.0


class Origin(Protocol):
    """Where worker processes come from."""

    def start(self, channel: int, log: int, *, with_driver: bool) -> int:
        """Start a worker, as the leader of a process group of its own, and return its process id.

        Args:
            channel: Descriptor of the worker's end of its channel; the caller closes its own copy.
            log: Descriptor that the worker writes its output to.
            with_driver: Whether it starts a Playwright driver ahead of the test.

        Raises:
            OSError: If no worker can be started.
        """
        ...

    def wait(self, pid: int) -> int:
        """Wait until a worker that was killed is gone, and return its exit code; its process id is free afterwards."""
        ...

    def close(self) -> None:
        """End what workers come from."""
        ...


class Interpreters:
    """Starts each worker as an interpreter of its own."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = dict(environment)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, channel: int, log: int, *, with_driver: bool) -> int:
        """Start a worker; see `Origin`."""
        process = _python(
            "outrider.journeys.worker",
            [str(channel), str(int(with_driver)), str(self._root)],
            self._environment,
            channel,
            log,
        )
        self._processes[process.pid] = process
        return process.pid

    def wait(self, pid: int) -> int:
        """Wait for a worker; see `Origin`."""
        return self._processes.pop(pid).wait()

    def close(self) -> None:
        """Do nothing: workers are ended by who started them."""


class ForkServer:
    """Forks each worker from a process that has pytest and Playwright imported, and nothing of a suite.

    Args:
        root: The folder that workers run in; it need not be there yet.
        log: Takes what the process prints; a file.
        environment: Complete environment of process and workers.
    """

    def __init__(self, root: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far, log.open("ab") as output:
            self._process = _python(
                "outrider.journeys.fork_server",
                [str(far.fileno()), str(root)],
                environment,
                far.fileno(),
                output.fileno(),
            )
        self._is_fit: bool | None = None
        self._driver_pid = 0

    @property
    def pids(self) -> set[int]:
        """The process that workers are forked from, and that of the driver which they share, if there is one."""
        return {self._process.pid, self._driver_pid} - {0}

    def is_fit(self, limit_s: float) -> bool:
        """Return whether workers can be forked: not if an import has started a thread.

        Raises:
            TimeoutError: If the process is not ready within the limit.
            OSError: If it ended.
        """
        if self._is_fit is None:
            self._is_fit = self._answer(limit_s) == READY
        return self._is_fit

    def start_driver(self) -> None:
        """Have the driver that workers share started ahead of the first one that asks for it."""
        self._control.send(START_DRIVER)

    def start(self, channel: int, log: int, *, with_driver: bool) -> int:
        """Fork a worker; see `Origin`."""
        socket.send_fds(self._control, [FORK_WITH_DRIVER if with_driver else FORK], [channel, log])
        worker_pid, self._driver_pid = map(int, self._answer(ANSWER_S).split())
        return worker_pid

    def wait(self, pid: int) -> int:
        """Wait for a worker; see `Origin`. If its parent is gone, nobody knows its exit code: -9 is as good as any."""
        with suppress(OSError, ValueError):
            self._control.send(str(pid).encode())
            return int(self._answer(ANSWER_S))
        self.close()
        return -signal.SIGKILL

    def close(self) -> None:
        """End the process; workers notice that whoever asked for them is gone by their own channels."""
        self._control.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answer(self, limit_s: float) -> bytes:
        self._control.settimeout(limit_s)
        packet = self._control.recv(PACKET_BYTES)
        if not packet:
            raise ConnectionResetError
        return packet


def _python(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], descriptor: int, log: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=(descriptor,),
        start_new_session=True,
    )
