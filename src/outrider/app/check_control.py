"""What a running service is asked through the store: to run checks at once, to pause them, to resume them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.selection import select_stored
from outrider.app.workspace_access import now_us
from outrider.model import QueueEntry, new_run_id
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import CheckId, CheckSchedule, RunId

_FIRST = 1_000
"""The priority of requested runs: before every due run."""


@dataclass(frozen=True, slots=True)
class RequestedRun:
    """A run that waits in the queue."""

    run: RunId
    check: CheckId


def request_runs(store: CheckSchedule, patterns: Sequence[str], *, location: str = "local") -> tuple[RequestedRun, ...]:
    """Put a run of each matching check into the queue, before everything that waits there.

    Raises:
        UsageError: unknown-check.
    """
    at_us = now_us()
    entries = [
        QueueEntry(new_run_id(at_us), check, location, at_us, _FIRST, "asked")
        for check in select_stored(store.checks, patterns)
    ]
    store.schedule.ask(entries)
    return tuple(RequestedRun(entry.run, entry.check) for entry in entries)


def pause_checks(store: CheckSchedule, patterns: Sequence[str], *, reason: str = "") -> tuple[CheckId, ...]:
    """Pause the matching checks: nothing of them is due until they are resumed, and runs under way finish.

    Raises:
        UsageError: unknown-check.
    """
    checks = select_stored(store.checks, patterns)
    for check in checks:
        store.schedule.pause(check, now_us(), gated(reason))
    return checks


def resume_checks(store: CheckSchedule, patterns: Sequence[str]) -> dict[CheckId, bool]:
    """Resume the matching checks; return of each whether it was paused.

    Raises:
        UsageError: unknown-check.
    """
    return {check: store.schedule.resume(check) for check in select_stored(store.checks, patterns)}
