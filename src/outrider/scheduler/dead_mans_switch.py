"""The dead man's switch: a URL outside is called while the service is ready, so that somebody notices its end."""

from __future__ import annotations

import threading
import urllib.request
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger("outrider.scheduler")

_TIMEOUT_S = 10.0


class DeadMansSwitch:
    """Calls a URL at an interval, as long as the service is ready.

    Args:
        target: Returns the URL, empty for none, and the interval in seconds.
        is_ready: Whether the service is ready.
    """

    def __init__(self, target: Callable[[], tuple[str, float]], is_ready: Callable[[], bool]) -> None:
        self._target = target
        self._is_ready = is_ready
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="alive", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call no more."""
        self._stopped.set()

    def _serve(self) -> None:
        wait_s = 1.0
        while not self._stopped.wait(wait_s):
            wait_s = 1.0
            try:
                url, every_s = self._target()
                if url and self._is_ready():
                    wait_s = every_s
                    self._call(url)
            except Exception as error:  # if this thread ended, somebody would be called for nothing
                log.warning("alive.uncalled", error=f"{type(error).__name__}: {error}")

    def _call(self, url: str) -> None:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - settings allow http only
            answer.read(1)
