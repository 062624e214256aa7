"""Looks for new, regressed and escalating issues while a service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.app.access.periodic_watch import PeriodicWatch
from outrider.model import IssueQuery, IssueState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import ErrorLog, Issue

_LATELY_US: Final = 2 * 3_600 * 1_000_000
_MOST: Final = 200
_STATES: Final = frozenset({IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING})


class IssueWatch(PeriodicWatch):
    """Hands on which issues may call people.

    Args:
        errors: Where issues are kept.
        on_seen: Takes those that were seen in the last two hours, up to two hundred, and the time now.
    """

    def __init__(self, errors: ErrorLog, on_seen: Callable[[Sequence[Issue], int], None]) -> None:
        super().__init__()
        self._errors = errors
        self._on_seen = on_seen

    def look(self, now_us: int) -> None:
        """Hand them on."""
        query = IssueQuery(now_us, _STATES, since_us=now_us - _LATELY_US)
        self._on_seen(self._errors.list(query, _MOST, hours=1), now_us)
