"""Looks for projects whose day is used up while a service runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.app.periodic_watch import PeriodicWatch
from outrider.app.telemetry_day import LEDGER_FILE
from outrider.telemetry import LEDGER, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from outrider.model import ErrorProject, ProjectRegistry

ERROR_LEDGER_FILE: Final = f"errors/{LEDGER}"
_REFUSED: Final = re.compile(r"project \d+ (?:events|exceptions) beyond the limit of the day")


class QuotaWatch(PeriodicWatch):
    """Hands on which projects refuse errors.

    Args:
        state: Folder of the workspace's state, in which the processes that take errors count them.
        on_seen: Takes how many events of each such project were refused today, and the time now.
    """

    def __init__(
        self, state: Path, projects: ProjectRegistry, on_seen: Callable[[Mapping[ErrorProject, int], int], None]
    ) -> None:
        super().__init__()
        self._ledgers = (state / ERROR_LEDGER_FILE, state / LEDGER_FILE)
        self._projects = projects
        self._on_seen = on_seen

    def look(self, now_us: int) -> None:
        """Hand them on."""
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
