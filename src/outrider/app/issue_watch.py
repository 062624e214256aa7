"""Looks for new, regressed and escalating issues while a service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import IssueQuery, IssueState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import ErrorLog, Issue, Run
    from outrider.runs import Judgement

_EVERY_US: Final = 15 * 1_000_000
_LATELY_US: Final = 2 * 3_600 * 1_000_000
_MOST: Final = 200
_STATES: Final = frozenset({IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING})


class IssueWatch:
    """A listener of the service that hands on which issues may call people, every fifteen seconds.

    Args:
        errors: Where issues are kept.
        on_seen: Takes those that were seen in the last two hours, up to two hundred, and the time now.
    """

    def __init__(self, errors: ErrorLog, on_seen: Callable[[Sequence[Issue], int], None]) -> None:
        self._errors = errors
        self._on_seen = on_seen
        self._looked_us: int | None = None

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:
        """Look, if it is time."""
        if self._looked_us is not None and 0 <= now_us - self._looked_us < _EVERY_US:
            return
        self._looked_us = now_us
        query = IssueQuery(now_us, _STATES, since_us=now_us - _LATELY_US)
        self._on_seen(self._errors.list(query, _MOST, hours=1), now_us)
