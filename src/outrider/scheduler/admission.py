"""What becomes of runs that are due: made, made late, skipped or missed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from outrider.model import CatchUp, Circumstances, Outcome, Overlap, QueueEntry, Run, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from outrider.model import Check, RunId
    from outrider.scheduler.plan import Due, Key

LATE_US = 30_000_000
"""A run that could not be put into the queue within this, or before the next was due, has missed its time."""

MOST_WAITING = 10
"""Runs of one check that may wait where overlapping runs are queued."""


@dataclass(slots=True)
class Admission:
    """What becomes of due runs.

    Attributes:
        made: Go into the queue.
        told: Are recorded without having been made.
        killed: Whose run under way is ended in favour of the next.
    """

    made: list[QueueEntry] = field(default_factory=list)
    told: list[Run] = field(default_factory=list)
    killed: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    """What triage has to know.

    Attributes:
        now_us: Microseconds UTC.
        era: Counts how often the clock was set back.
        under_way: How many runs of each check and location wait or are being made.
        paused: Checks that make no runs.
        why_closed: The maintenance that a check stands still for at a time, or empty.
        why_late: What kept runs from being made in time.
    """

    now_us: int
    era: int
    under_way: Mapping[Key, int]
    paused: Collection[str]
    why_closed: Callable[[Check, int], str]
    why_late: str
    circumstances: Circumstances = field(default_factory=Circumstances)


def admit(due: Sequence[Due], situation: AdmissionContext) -> Admission:
    """Decide about each run that is due, in the order of time."""
    found = Admission()
    last = {(one.check.id, one.location): one.due_us for one in due}
    for one in due:
        key = (one.check.id, one.location)
        if one.check.id in situation.paused:
            continue
        outcome, reason = _refusal(one, situation, is_last=last[key] == one.due_us)
        if outcome is not None:
            found.told.append(unmade_run(one, outcome, reason, situation))
            continue
        if situation.under_way.get(key, 0) and one.check.policy.overlap is Overlap.KILL:
            found.killed.append(key)
        run = run_id(one, situation.era)
        found.made.append(QueueEntry(run, one.check.id, one.location, one.due_us, one.check.policy.priority))
    return found


def _refusal(due: Due, situation: AdmissionContext, *, is_last: bool) -> tuple[Outcome | None, str]:
    """Return why a run is not made; no outcome if it is."""
    closed = situation.why_closed(due.check, due.due_us)
    if closed:
        return Outcome.SKIPPED, closed
    late_us = situation.now_us - due.due_us
    is_late = late_us > LATE_US or not is_last
    if is_late and not (due.check.policy.catch_up is CatchUp.LAST and is_last):
        return Outcome.MISSED, situation.why_late
    under_way = situation.under_way.get((due.check.id, due.location), 0)
    overlap = due.check.policy.overlap
    if overlap is Overlap.SKIP and under_way:
        return Outcome.SKIPPED, "the run before it was still waiting or under way"
    if under_way >= MOST_WAITING:
        return Outcome.SKIPPED, f"{under_way} runs of it were still waiting or under way"
    return None, ""


def run_id(due: Due, era: int) -> RunId:
    """Return the id that this run has whoever puts it into the queue, however often."""
    words = f"{due.check.id}\0{due.location}\0{due.due_us}\0{era}"
    return new_run_id(due.due_us, sha256(words.encode()).digest()[:10])


def unmade_run(due: Due, outcome: Outcome, reason: str, situation: AdmissionContext) -> Run:
    """Return the record of a run that was due and not made."""
    return Run(
        id=run_id(due, situation.era),
        check=due.check.id,
        environment=due.check.policy.environment,
        location=due.location,
        due_us=due.due_us,
        started_us=situation.now_us,
        finished_us=situation.now_us,
        outcome=outcome,
        reason=reason,
        attempts=(),
        circumstances=situation.circumstances,
    )


def orphaned_run(entry: QueueEntry, circumstances: Circumstances, now_us: int) -> Run:
    """Return the record of a run that waited while its check was taken out of the workspace."""
    return Run(
        id=entry.run,
        check=entry.check,
        environment="",
        location=entry.location,
        due_us=entry.due_us,
        started_us=now_us,
        finished_us=now_us,
        outcome=Outcome.SKIPPED,
        reason="the workspace does not have this check any more",
        attempts=(),
        circumstances=circumstances,
    )
