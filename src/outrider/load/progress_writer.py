"""Writes the seconds of a load that is under way, for pages that show it, in a thread of its own.

A load never waits for the store: what cannot be written in time is left out, since the whole load is stored at its end.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Self

import structlog

from outrider.model import LoadSecond, StoreError, altogether

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from outrider.model import LoadInterval, LoadProgressLog, Order

log = structlog.get_logger("outrider.load")

_MOST_WAITING = 120
_END_S = 2.0


class ProgressWriter:
    """Follows one load; leaving the context ends it.

    Args:
        progress: Where seconds are kept.
        order: The attempt that is measured.
    """

    def __init__(self, progress: LoadProgressLog, order: Order) -> None:
        self._progress = progress
        self._order = order
        self._waiting: queue.Queue[LoadSecond | None] = queue.Queue(_MOST_WAITING)
        self._written_s = -1.0
        self._thread = threading.Thread(target=self._write, name="load progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return  # the store is away: the thread ends with the process
        self._thread.join(_END_S)

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Take the latest seconds, those that are new among them."""
        at_us = time.time_ns() // 1000
        for interval in so_far:
            if interval.offset_s > self._written_s:
                self._written_s = interval.offset_s
                try:
                    self._waiting.put_nowait(self._second(interval, left_s, at_us))
                except queue.Full:
                    return

    def _second(self, interval: LoadInterval, left_s: float | None, at_us: int) -> LoadSecond:
        whole = altogether(interval.endpoints)
        times, length_s = whole.times, interval.length_s
        return LoadSecond(
            self._order.run, self._order.check.id, at_us, interval.offset_s, interval.users,
            whole.succeeded.total / length_s, whole.failed.total / length_s,
            times.quantile(0.5), times.quantile(0.95), times.quantile(0.99), left_s,
        )  # fmt: skip

    def _write(self) -> None:
        is_over = False
        while not is_over:
            taken = [self._waiting.get()]
            while not self._waiting.empty():
                taken.append(self._waiting.get())
            is_over = None in taken
            try:
                self._progress.record([second for second in taken if second is not None])
            except StoreError as error:
                log.debug("load.progress", why=error.what)
            except Exception as error:  # a page that shows less is no reason to end a load
                log.exception("load.progress", error=str(error))
