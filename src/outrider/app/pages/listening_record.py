"""A record of when calls of heartbeats are answered: silence proves nothing for times without a listener."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

import structlog

from outrider.app.access.workspace_access import now_us
from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from outrider.model import HeartbeatLog

_EVERY_S: Final = 10.0
_TOLERATED_US: Final = 60_000_000
"""Calls that are tried again outlast a pause that is no longer."""

_log = structlog.get_logger("outrider.heartbeats")


class ListeningRecord:
    """Notes every ten seconds, in a thread of its own, that calls are answered; while the context lasts.

    Args:
        heartbeats: Where it is noted.
        is_answering: Whether calls are answered now; asked for in that thread.
    """

    def __init__(self, heartbeats: HeartbeatLog, is_answering: Callable[[], bool]) -> None:
        self._heartbeats = heartbeats
        self._is_answering = is_answering
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="listening record", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._changed.set()
        self._thread.join()

    def look(self) -> None:
        """Look again soon, since answering may have begun; returns at once."""
        self._changed.set()

    def _serve(self) -> None:
        while not self._closed.is_set():
            self._changed.clear()
            if self._is_answering():
                self._note()
            self._changed.wait(_EVERY_S)

    def _note(self) -> None:
        try:
            self._heartbeats.listened(now_us(), _TOLERATED_US)
        except OutriderError as error:
            _log.warning("heartbeat.listening-not-noted", why=error.what)
        except Exception as error:  # nobody waits for this thread: without a note, silence says nothing
            _log.exception("heartbeat.listening-not-noted", why=f"{type(error).__name__}: {error}")
