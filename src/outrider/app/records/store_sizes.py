"""The size of the store for pages: counted in a thread of its own, since that may take seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import StoreSize

_KEPT_S = 600.0
_log = structlog.get_logger("outrider.pages")


class StoreSizes:
    """Remembers the size for ten minutes; who asks later gets the last one, and has it counted anew.

    Args:
        count: Returns the size; called in a thread of its own, one at a time.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, count: Callable[[], StoreSize], clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._clock = clock
        self._counting = threading.Lock()
        self._counted_s = float("-inf")
        self._size: StoreSize | None = None

    def latest(self) -> StoreSize | None:
        """Return the size as it was counted last; None before the first count. Any thread may ask."""
        size, is_old = self._size, self._clock() - self._counted_s >= _KEPT_S
        if is_old and self._counting.acquire(blocking=False):
            self._counted_s = self._clock()
            threading.Thread(target=self._work, name="store size", daemon=True).start()
        return size

    def wait(self) -> None:
        """Wait until nothing is being counted."""
        with self._counting:
            pass

    def _work(self) -> None:
        try:
            self._size = self._count()
        except StoreError as error:
            _log.warning("store_size.failed", why=error.what)
        finally:
            self._counting.release()
