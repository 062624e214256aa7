"""One process of Playwright's driver for many workers, one after the other.

A driver of its own costs each worker some 400 ms of processor time before its test begins. What a client does there
belongs to that client: it gets a Playwright of its own, which ends with its connection.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from outrider.journeys.driver import installed_driver
from outrider.model import BrowserError

CONNECTIONS = 50  # of one process: what it may leak is bounded by them
_SCRIPT = Path(__file__).with_name("shared_driver.js")
_VARIABLES = {"PW_LANG_NAME": "python", "PW_LANG_NAME_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}"}


class SharedDriver:
    """Hands out connections to a driver, which is started for the first and replaced after the last one.

    It is made of the classes of Playwright's own driver. Where they have other names, it hands out nothing, and clients
    start drivers of their own.

    Args:
        root: The folder of its clients; it need not be there yet.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._connections: list[socket.socket] = []
        self._is_broken = False

    @property
    def pid(self) -> int:
        """The process; zero if there is none."""
        return self._process.pid if self._process is not None else 0

    def connection(self) -> socket.socket | None:
        """Return a connection that no other client has had, or None if there is no such driver."""
        self.start()
        return self._connections.pop() if self._is_usable() and self._connections else None

    def start(self) -> None:
        """Start a driver if there is none with a connection left."""
        if self._is_usable() and not self._connections:
            self._start()

    def release(self) -> None:
        """Close the connections that a fork has inherited and does not use."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def close(self) -> None:
        """End the process."""
        self.release()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_usable(self) -> bool:
        """Whether the process may be asked; one that was killed is replaced, one that failed is not."""
        code = self._process.poll() if self._process is not None else None
        if code is not None:
            self.release()
            self._process = None
            self._is_broken = code > 0
        return not self._is_broken

    def _start(self) -> None:
        pairs = [socket.socketpair() for _ in range(CONNECTIONS)]
        descriptors = [far.fileno() for _, far in pairs]
        try:
            driver = installed_driver()
            self._process = subprocess.Popen(
                [driver.node, str(_SCRIPT), "run-driver", driver.package, self._root, *map(str, descriptors)],
                env={**os.environ, **_VARIABLES},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=descriptors,
            )
        except (OSError, BrowserError):  # the driver that a worker starts says what is wrong
            self._is_broken = True
            return
        finally:
            for _, far in pairs:
                far.close()
        self._connections = [near for near, _ in pairs]
