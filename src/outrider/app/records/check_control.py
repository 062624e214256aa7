"""What a running service is asked through the store: to run checks at once, to pause them, to resume them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.selection import select_stored
from outrider.app.access.workspace_access import now_us
from outrider.model import QueueEntry, new_run_id
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.access.audit_trail import Note
    from outrider.model import CheckId, CheckSchedule, RunId

_FIRST = 1_000
"""The priority of requested runs: before every due run."""


@dataclass(frozen=True, slots=True)
class RequestedRun:
    """A run that waits in the queue."""

    run: RunId
    check: CheckId


def request_runs(
    store: CheckSchedule, patterns: Sequence[str], *, location: str = "local", note: Note = command_line_change
) -> tuple[RequestedRun, ...]:
    """Put a run of each matching check into the queue, before everything that waits there.

    Args:
        store: Whose queue it is.
        patterns: Of checks.
        location: Where to run.
        note: Says who asks, for the audit log; the command line if absent, as in all that follows.

    Raises:
        UsageError: unknown-check.
    """
    at_us = now_us()
    entries = [
        QueueEntry(new_run_id(at_us), check, location, at_us, _FIRST, "asked")
        for check in select_stored(store.checks, patterns)
    ]
    for entry in entries:
        with store.audit.alongside(note("check.run", entry.check, entry.run)):
            store.schedule.ask([entry])
    return tuple(RequestedRun(entry.run, entry.check) for entry in entries)


def request_run(store: CheckSchedule, check: CheckId, location: str, note: Note) -> RequestedRun:
    """Put a run of a check into the queue unless somebody has done so and it waits there; return the run that waits."""
    at_us = now_us()
    entry = QueueEntry(new_run_id(at_us), check, location, at_us, _FIRST, "asked")
    with store.audit.alongside(note("check.run", check, entry.run)):
        waiting = store.schedule.ask_once(entry)
    return RequestedRun(waiting, check)


def pause_checks(
    store: CheckSchedule, patterns: Sequence[str], *, reason: str = "", note: Note = command_line_change
) -> tuple[CheckId, ...]:
    """Pause the matching checks: nothing of them is due until they are resumed, and runs under way finish.

    Raises:
        UsageError: unknown-check.
    """
    checks = select_stored(store.checks, patterns)
    for check in checks:
        with store.audit.alongside(note("check.pause", check, gated(reason))):
            store.schedule.pause(check, now_us(), gated(reason))
    return checks


def resume_checks(
    store: CheckSchedule, patterns: Sequence[str], *, note: Note = command_line_change
) -> dict[CheckId, bool]:
    """Resume the matching checks; return of each whether it was paused.

    Raises:
        UsageError: unknown-check.
    """
    return {check: _resumed(store, check, note) for check in select_stored(store.checks, patterns)}


def _resumed(store: CheckSchedule, check: CheckId, note: Note) -> bool:
    if check not in {pause.check for pause in store.schedule.pauses()}:
        return False
    with store.audit.alongside(note("check.resume", check, "")):
        return store.schedule.resume(check)
