"""A Playwright driver that is started before the test and lent to its first `sync_playwright()`.

Starting the driver costs a quarter of a second; a worker does it ahead of time. The test cannot tell: it enters and
leaves `sync_playwright()` as ever, and gets the driver that is there already.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
from playwright import sync_api

from outrider.journeys.driver_transport import connected

if TYPE_CHECKING:
    import socket

_Manager: Any = type(sync_api.sync_playwright())


def is_driver_running() -> bool:
    """Whether a Playwright driver that this process started still runs."""
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.status() != psutil.STATUS_ZOMBIE and "run-driver" in child.cmdline():
                return True
    return False


class WarmDriver:
    """One driver, lent to one borrower at a time."""

    def __init__(self) -> None:
        self._manager: Any = None
        self._playwright: Any = None
        self._borrower: object = None

    def install(self) -> None:
        """Let `sync_playwright()` of this process borrow; the class is private, its two methods are the protocol."""
        enter, leave = _Manager.__enter__, _Manager.__exit__

        def borrow(manager: Any) -> Any:
            if self._playwright is None or self._borrower is not None:
                return enter(manager)
            self._borrower = manager
            self._playwright.stop = manager.__exit__
            return self._playwright

        def give_back(manager: Any, *args: object) -> None:
            if self._borrower is manager:
                self._borrower = None
            else:
                leave(manager, *args)

        _Manager.__enter__, _Manager.__exit__ = borrow, give_back
        self._enter, self._leave = enter, leave

    def start(self, connection: socket.socket | None) -> None:
        """Start a driver, or connect to one that others have used before."""
        if connection is not None:
            with suppress(Exception), connected(connection):  # another Playwright, or that driver has died
                self._start()
                return
            connection.close()
        self._start()

    def _start(self) -> None:
        self._manager = sync_api.sync_playwright()
        self._playwright = self._enter(self._manager)

    def stop(self) -> None:
        """Stop the driver unless it is lent: a test with an event loop of its own cannot run beside it."""
        if self._playwright is not None and self._borrower is None:
            self._playwright = None
            self._leave(self._manager)
