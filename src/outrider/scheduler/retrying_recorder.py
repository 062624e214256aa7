"""A recorder that tries again: finished runs wait until a full disk has room or a locked store is free."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import structlog

from outrider.model import Outcome, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Run
    from outrider.scheduler.health import Health

log = structlog.get_logger("outrider.scheduler")

AGAIN_S = 1.0
_SUBJECT = "recording"


class _Recorder(Protocol):
    def record_many(self, runs: Sequence[Run]) -> None:
        """Record finished runs, all or none."""
        ...


class RetryingRecorder:
    """Records runs in the store, again and again until it takes them, or the service has no more time.

    A run that cannot be recorded for another reason than the store is recorded as inconclusive in its place: it is
    never lost, and never keeps those beside it from being recorded. Every method may be called from any thread.

    Args:
        store: Where runs are kept.
        health: Takes why the store refuses.
        stored: Takes the runs that are stored.
    """

    def __init__(self, store: _Recorder, health: Health, stored: Callable[[Sequence[Run]], None]) -> None:
        self._store = store
        self._health = health
        self._stored = stored
        self._given_up = threading.Event()

    @property
    def has_given_up(self) -> bool:
        """Whether each run is tried once more at most."""
        return self._given_up.is_set()

    def give_up(self) -> None:
        """Try once more at most."""
        self._given_up.set()

    def record(self, run: Run) -> None:
        """Record one run."""
        self.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        """Record runs.

        Raises:
            StoreError: If the store refuses and there is no more time.
        """
        try:
            self._record(runs)
        except StoreError:
            raise
        except Exception as error:  # whatever is wrong with one run must not cost the others
            log.exception("runs.unrecorded", runs=len(runs), error=str(error))
            if len(runs) > 1:
                for run in runs:
                    self.record_many([run])
            elif runs[0].attempts:
                self._record([_without_attempts(runs[0], error)])
            else:
                raise

    def _record(self, runs: Sequence[Run]) -> None:
        while True:
            try:
                self._store.record_many(runs)
            except StoreError as error:
                self._health.wrong(_SUBJECT, str(error))
                if self._given_up.wait(AGAIN_S):
                    raise
            else:
                self._health.well(_SUBJECT)
                self._stored(runs)
                return


def _without_attempts(run: Run, error: Exception) -> Run:
    reason = f"the prober itself broke: its result could not be recorded: {type(error).__name__}: {error}"
    return replace(run, outcome=Outcome.INCONCLUSIVE, reason=reason, attempts=())
