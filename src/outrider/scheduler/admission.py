"""Admission of due runs: queued in time, queued late, skipped or missed. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from outrider.model import CatchUp, Circumstances, Outcome, Overlap, QueueEntry, Run, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from outrider.model import Check, CheckId, RunId
    from outrider.scheduler.plan import Due, Key

LATE_US = 30_000_000
"""A run that could not be put into the queue within this, or before the next was due, has missed its time."""

HOUR_US = 3_600_000_000

MOST_WAITING = 10
"""Runs of one check that may wait where overlapping runs are queued."""


@dataclass(slots=True)
class Admission:
    """What becomes of due runs.

    Attributes:
        queued: Entries for the queue.
        unmade: Records of runs that are not executed.
        killed: Whose run under way is ended in favour of the next.
    """

    queued: list[QueueEntry] = field(default_factory=list)
    unmade: list[Run] = field(default_factory=list)
    killed: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    """What admission depends on.

    Attributes:
        now_us: Microseconds UTC.
        era: Counts how often the clock was set back.
        under_way: How many runs of each check and location wait or are executed.
        paused: Checks that nobody runs until they are resumed.
        why_closed: The reason of the maintenance window that a check is in at a time, or empty.
        why_late: What kept runs from beginning in time.
    """

    now_us: int
    era: int
    under_way: Mapping[Key, int]
    paused: Collection[str]
    why_closed: Callable[[Check, int], str]
    why_late: str
    circumstances: Circumstances = field(default_factory=Circumstances)


def admit(due: Sequence[Due], context: AdmissionContext) -> Admission:
    """Decide about each run that is due, in the order of time."""
    admission = Admission()
    missed: dict[tuple[CheckId, str, int], list[Due]] = defaultdict(list)
    last = {(run.check.id, run.location): run.due_us for run in due}
    for run in due:
        key = (run.check.id, run.location)
        if run.check.id in context.paused:
            continue
        outcome, reason = _refusal(run, context, is_last=last[key] == run.due_us)
        if outcome is Outcome.MISSED:
            missed[(*key, run.due_us // HOUR_US)].append(run)
            continue
        if outcome is not None:
            admission.unmade.append(unmade_run(run, outcome, reason, context))
            continue
        policy = run.check.policy
        if context.under_way.get(key, 0) and policy.overlap is Overlap.KILL:
            admission.killed.append(key)
        identity = run_id(run, context.era)
        admission.queued.append(QueueEntry(identity, run.check.id, run.location, run.due_us, policy.priority))
    admission.unmade += (missed_run(runs, context) for runs in missed.values())
    return admission


def _refusal(due: Due, context: AdmissionContext, *, is_last: bool) -> tuple[Outcome | None, str]:
    """Return why a run is not executed; no outcome if it is."""
    closed = context.why_closed(due.check, due.due_us)
    if closed:
        return Outcome.SKIPPED, closed
    late_us = context.now_us - due.due_us
    is_late = late_us > LATE_US or not is_last
    if is_late and not (due.check.policy.catch_up is CatchUp.LAST and is_last):
        return Outcome.MISSED, context.why_late
    under_way = context.under_way.get((due.check.id, due.location), 0)
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


def unmade_run(due: Due, outcome: Outcome, reason: str, context: AdmissionContext) -> Run:
    """Return the record of a run that was due and is not executed."""
    return Run(
        id=run_id(due, context.era),
        check=due.check.id,
        environment=due.check.policy.environment,
        location=due.location,
        due_us=due.due_us,
        started_us=context.now_us,
        finished_us=context.now_us,
        outcome=outcome,
        reason=reason,
        attempts=(),
        circumstances=context.circumstances,
    )


def missed_run(due: Sequence[Due], context: AdmissionContext) -> Run:
    """Return the one record of runs of a check that were missed within one hour; rollups count by the hour."""
    return replace(unmade_run(due[0], Outcome.MISSED, context.why_late, context), due_count=len(due))


def orphaned_run(entry: QueueEntry, circumstances: Circumstances, now_us: int) -> Run:
    """Return the record of a run that waited while its check was taken out of the workspace."""
    reason = "the workspace does not have this check any more"
    return _skipped_run(entry, "", reason, circumstances=circumstances, now_us=now_us)


def abandoned_run(entry: QueueEntry, check: Check, circumstances: Circumstances, now_us: int) -> Run:
    """Return the record of a run that was under way for too long when a changed workspace replaced its own."""
    reason = "it was still under way when the time to finish it ran out: the workspace had changed"
    return _skipped_run(entry, check.policy.environment, reason, circumstances=circumstances, now_us=now_us)


def _skipped_run(entry: QueueEntry, environment: str, reason: str, *, circumstances: Circumstances, now_us: int) -> Run:
    return Run(
        id=entry.run,
        check=entry.check,
        environment=environment,
        location=entry.location,
        due_us=entry.due_us,
        started_us=now_us,
        finished_us=now_us,
        outcome=Outcome.SKIPPED,
        reason=reason,
        attempts=(),
        circumstances=circumstances,
    )
