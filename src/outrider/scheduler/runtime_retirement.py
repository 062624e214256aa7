"""Runtimes that a newer one has replaced finish their runs beside the service, and then leave nothing behind."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from outrider.model import OutriderError
from outrider.scheduler.admission import abandoned_run

if TYPE_CHECKING:
    from outrider.scheduler.clock import Clock
    from outrider.scheduler.health import Health
    from outrider.scheduler.retrying_recorder import RetryingRecorder
    from outrider.scheduler.scheduled_runtime import ScheduledRuntime

log = structlog.get_logger("outrider.scheduler")

_SUBJECT = "retired runtime"


class RuntimeRetirement:
    """Ends replaced runtimes, each in a thread of its own.

    Every run that a runtime has begun is recorded: what it could not finish in time is recorded as skipped, so that
    the check is free for its next run.

    Args:
        recorder: Records the runs that were not finished.
        health: Takes the problem of a runtime that could not be ended.
    """

    def __init__(self, recorder: RetryingRecorder, health: Health, clock: Clock) -> None:
        self._recorder = recorder
        self._health = health
        self._clock = clock
        self._threads: list[threading.Thread] = []  # used by the service's thread only

    def retire(self, runtime: ScheduledRuntime) -> None:
        """Begin to end a runtime; returns at once."""
        thread = threading.Thread(target=self._end, args=[runtime], name="runtime retirement", daemon=True)
        self._threads = [old for old in self._threads if old.is_alive()]
        self._threads.append(thread)
        thread.start()

    def close(self, within_s: float) -> None:
        """Wait for the runtimes that are ending, at most so long."""
        until_s = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def _end(self, runtime: ScheduledRuntime) -> None:
        try:
            unfinished = runtime.close(runtime.workspace.service.drain_s)
            now_us = self._clock.wall_us()
            if unfinished:
                self._recorder.record_many(
                    [abandoned_run(entry, check, runtime.circumstances, now_us) for entry, check in unfinished]
                )
        except OutriderError as error:
            self._health.wrong(_SUBJECT, str(error))
        except Exception as error:  # nobody waits for this thread: it says itself what went wrong
            log.exception("runtime.unended", error=str(error))
            self._health.wrong(_SUBJECT, f"{type(error).__name__}: {error}")
        else:
            self._health.well(_SUBJECT)
