"""A recorder that does not give up: a full disk or a locked store ends some day, and finished runs wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Run
    from outrider.scheduler.health import Health

AGAIN_S = 1.0
_SUBJECT = "store"


class _Recorder(Protocol):
    def record_many(self, runs: Sequence[Run]) -> None:
        """Keep finished runs, all or none."""
        ...


class RetryingRecorder:
    """Hands runs on to the store, again and again until it takes them, or the service has no more time.

    Args:
        store: Where runs are kept.
        health: Is told why the store refuses.
        stored: Is told which runs are stored.
    """

    def __init__(self, store: _Recorder, health: Health, stored: Callable[[Sequence[Run]], None]) -> None:
        self._store = store
        self._health = health
        self._stored = stored
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """Try once more at most."""
        self._given_up.set()

    def record(self, run: Run) -> None:
        """Keep one run."""
        self.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        """Keep runs.

        Raises:
            StoreError: If the store refuses and there is no more time.
        """
        while True:
            try:
                self._store.record_many(runs)
            except StoreError as error:
                self._health.wrong(_SUBJECT, str(error))
                if self._given_up.wait(AGAIN_S):
                    raise
            else:
                self._stored(runs)
                return
