"""Values of checks that were read a moment ago: after a new run of a few checks, only these are read again."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

from outrider.dashboard.period_slots import HOUR_US
from outrider.model import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import Check, CheckHistory, CheckId

Value = TypeVar("Value")

_KEPT_US = 60_000_000
_MOST = 20_000
_Place = tuple[str, tuple[str, ...]]


class CheckCache(Generic[Value]):
    """Remembers a value of each check until the check has another run. Any thread may ask.

    Everything is read anew with the beginning of an hour, and after a minute: no new run tells that old ones were
    removed, or that one of a clock ahead of ours is due by now.

    Args:
        history: Knows which checks have new runs.
        read: Returns the values of all these checks at a time, in microseconds UTC.
    """

    def __init__(
        self,
        history: CheckHistory,
        read: Callable[[Sequence[Check], int], Mapping[CheckId, Value]],
    ) -> None:
        self._history = history
        self._read = read
        self._lock = threading.Lock()
        self._mark = ""
        self._forgot = 0
        self._since_us = 0
        self._values: dict[str, dict[_Place, Value]] = defaultdict(dict)

    def values(self, checks: Sequence[Check], now_us: int) -> dict[CheckId, Value]:
        """Return the values of checks at a time.

        Raises:
            StoreError: If the store cannot be read.
        """
        forgot = self._forget_changed(now_us)
        with self._lock:
            known = {
                check.id: own[place]
                for check in checks
                if (place := _place(check)) in (own := self._values.get(identity(check.id), {}))
            }
        missing = [check for check in checks if check.id not in known]
        if not missing:
            return known
        read = self._read(missing, now_us)
        with self._lock:
            if forgot == self._forgot:  # else what was read may be older than what was forgotten meanwhile
                for check in missing:
                    self._values[identity(check.id)][_place(check)] = read[check.id]
        return known | dict(read)

    def _forget_changed(self, now_us: int) -> int:
        """Forget what has changed in the store; return how often that has happened."""
        changes = self._history.changes_since(self._mark)
        with self._lock:
            is_old = (
                not 0 <= now_us - self._since_us < _KEPT_US
                or now_us // HOUR_US != self._since_us // HOUR_US
                or len(self._values) > _MOST
            )
            if is_old:
                self._since_us = now_us
            if is_old or not changes.are_all:
                self._values.clear()
            for check in changes.checks:
                self._values.pop(check, None)
            if is_old or not changes.are_all or changes.checks:
                self._forgot += 1
            self._mark = changes.mark
            return self._forgot


def _place(check: Check) -> _Place:
    return check.policy.environment, check.policy.locations
