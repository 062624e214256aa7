"""Looks for projects whose day is used up while a service runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.app.telemetry_day import LEDGER_FILE
from outrider.telemetry import LEDGER, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.model import ErrorProject, ProjectRegistry, Run
    from outrider.runs import Judgement

ERROR_LEDGER_FILE: Final = f"errors/{LEDGER}"
_EVERY_US: Final = 15 * 1_000_000
_REFUSED: Final = re.compile(r"project \d+ (?:events|exceptions) beyond the limit of the day")


class QuotaWatch:
    """A listener of the service that hands on which projects refuse errors, every fifteen seconds.

    Args:
        state: Folder of the workspace's state, in which the processes that take errors count them.
        on_seen: Takes how many events of each such project were refused today, and the time now.
    """

    def __init__(
        self, state: Path, projects: ProjectRegistry, on_seen: Callable[[Mapping[ErrorProject, int], int], None]
    ) -> None:
        self._ledgers = (state / ERROR_LEDGER_FILE, state / LEDGER_FILE)
        self._projects = projects
        self._on_seen = on_seen
        self._looked_us: int | None = None

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:
        """Look, if it is time."""
        if self._looked_us is not None and 0 <= now_us - self._looked_us < _EVERY_US:
            return
        self._looked_us = now_us
        counts = [counts for counts in self._today(now_us) if any(_REFUSED.fullmatch(reason) for reason in counts)]
        projects = self._projects.all() if counts else ()
        refused = {project: sum(_refused(own, project) for own in counts) for project in projects}
        self._on_seen({project: count for project, count in refused.items() if count}, now_us)

    def _today(self, now_us: int) -> Iterator[Mapping[str, int]]:
        today = datetime.fromtimestamp(now_us / 1_000_000, UTC).date().isoformat()
        for ledger in self._ledgers:
            last = read_ledger(ledger)
            if last.day == today:
                yield last.counts


def _refused(counts: Mapping[str, int], project: ErrorProject) -> int:
    """Return how many events of a project were refused; 0 if its limit was raised since."""
    for what, taken in (("events", "events"), ("exceptions", "exceptions taken")):
        if counts.get(f"project {project.id} {taken}", 0) >= project.per_day:
            return counts.get(f"project {project.id} {what} beyond the limit of the day", 0)
    return 0
