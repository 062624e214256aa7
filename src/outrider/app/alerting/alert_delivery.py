"""Delivery of alerts under a workspace that changes: one deliverer at a time, without waiting for the one before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import structlog

from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from outrider.alerts import AlertSettings, Health

_RETRY_S = 1.0
_log = structlog.get_logger("outrider.alerts")


class _Delivering(Protocol):
    def health(self) -> tuple[Health, ...]:
        """Return how each channel does."""
        ...


class AlertDelivery:
    """Runs one deliverer at a time, in a thread of its own.

    To end one takes as long as its receivers take to answer. The next starts when it has ended, so that no two of them
    take the same row of the outbox. Every method may be called from any thread.

    Args:
        deliverer: Makes what delivers by some settings, for as long as its context lasts.
    """

    def __init__(self, deliverer: Callable[[AlertSettings], AbstractContextManager[_Delivering]]) -> None:
        self._deliverer = deliverer
        self._changed = threading.Condition()  # guards the three below
        self._wanted: AlertSettings | None = None
        self._current: _Delivering | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="alert delivery", daemon=True)
        self._thread.start()

    def use(self, settings: AlertSettings | None) -> None:
        """Deliver by other settings, or not at all; returns at once."""
        with self._changed:
            self._wanted = settings
            self._changed.notify_all()

    def health(self) -> tuple[Health, ...]:
        """Return how each channel does; nothing while no deliverer runs."""
        with self._changed:
            current = self._current
        return current.health() if current is not None else ()

    def close(self) -> None:
        """Stop delivering; returns when the deliverer has ended."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wanted is not None)
                settings = self._wanted
                if self._closed or settings is None:
                    return
            try:
                self._deliver(settings)
            except OutriderError as error:
                self._wait_after(str(error))
            except Exception as error:  # what breaks once may be well the next time
                _log.exception("alerts.delivery", why=str(error))
                self._wait_after(f"{type(error).__name__}: {error}")

    def _deliver(self, settings: AlertSettings) -> None:
        """Deliver until other settings are wanted."""
        with self._deliverer(settings) as deliverer, self._changed:
            self._current = deliverer
            self._changed.wait_for(lambda: self._closed or self._wanted != settings)
            self._current = None

    def _wait_after(self, why: str) -> None:
        _log.warning("alerts.undeliverable", why=why)
        with self._changed:
            self._current = None
            self._changed.wait_for(lambda: self._closed, _RETRY_S)
