"""Looks for projects whose day is used up while a service runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.app.access.periodic_watch import PeriodicWatch
from outrider.app.lookup.telemetry_day import LEDGER_FILE
from outrider.model import QuotaUse
from outrider.telemetry import LEDGER, MOST_REPLAY_BYTES, USUAL_LIMITS, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.model import ErrorProject, ProjectRegistry

ERROR_LEDGER_FILE: Final = f"errors/{LEDGER}"
_REFUSED: Final = re.compile(r"project \d+ (?:events|exceptions|beacons|replays|telemetry) beyond the limit of the day")
_TELEMETRY: Final = "spans, logs, metrics and sessions"
_COUNTED: Final = {
    "errors": (("events", "events"), ("exceptions", "exceptions taken")),
    "page views": (("beacons",) * 2,),
    "replays": (("replays", "bytes of replays"),),
    _TELEMETRY: (("telemetry", "bytes of telemetry"),),
}
"""What is refused, and by which names it and what was taken are counted."""


class QuotaWatch(PeriodicWatch):
    """Hands on which projects refuse errors, page views, replays or telemetry of their pages.

    Args:
        state: Folder of the workspace's state, in which the processes that take errors count them.
        replay_bytes: Of a project's replays that are taken a day, and `telemetry_bytes` of what its pages send.
        on_seen: Takes what such projects refuse, and the time now.
    """

    def __init__(
        self, state: Path, projects: ProjectRegistry, on_seen: Callable[[Sequence[QuotaUse], int], None], *,
        replay_bytes: int, telemetry_bytes: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self._bytes = {"replays": replay_bytes, _TELEMETRY: telemetry_bytes}
        self._ledgers = (state / ERROR_LEDGER_FILE, state / LEDGER_FILE)
        self._projects = projects
        self._on_seen = on_seen

    def look(self, now_us: int) -> None:
        """Hand them on."""
        counts = [counts for counts in self._today(now_us) if any(_REFUSED.fullmatch(reason) for reason in counts)]
        projects = self._projects.all() if counts else ()
        used = [
            QuotaUse(project, what, most, sum(_refused(own, project, what, most) for own in counts))
            for project in projects
            for what, most in self._limits(project)
        ]
        self._on_seen([use for use in used if use.refused], now_us)

    def _limits(self, project: ErrorProject) -> Iterator[tuple[str, int]]:
        yield from (("errors", project.per_day), ("page views", project.beacons_per_day))
        yield from self._bytes.items()

    def _today(self, now_us: int) -> Iterator[Mapping[str, int]]:
        today = datetime.fromtimestamp(now_us / 1_000_000, UTC).date().isoformat()
        for ledger in self._ledgers:
            last = read_ledger(ledger)
            if last.day == today:
                yield last.counts


_LARGEST: Final = {"replays": MOST_REPLAY_BYTES, _TELEMETRY: USUAL_LIMITS.inflated_bytes}
"""The part that does not fit is not counted."""


def _refused(counts: Mapping[str, int], project: ErrorProject, what: str, most: int) -> int:
    """Return how much of a project was refused; 0 if its limit was raised since."""
    reached = most - _LARGEST.get(what, 0)
    for refused, taken in _COUNTED[what]:
        if counts.get(f"project {project.id} {taken}", 0) >= reached:
            return counts.get(f"project {project.id} {refused} beyond the limit of the day", 0)
    return 0
