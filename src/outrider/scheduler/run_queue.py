"""Runs that wait and runs that are under way: the leader's view of the queue, kept in step with the store's."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from outrider.model import Check, CheckId, Kind, QueueEntry, Run, RunId, ScheduleQueue
    from outrider.scheduler.admission import Admission
    from outrider.scheduler.clock import Clock
    from outrider.scheduler.executor import Executor
    from outrider.scheduler.plan import Key

_LEASE_GRACE_US = 60_000_000
_SECOND_US = 1_000_000


class RunQueue:
    """Takes due runs in, hands them out by priority and age, and knows which are under way.

    Used by the service's thread only; other threads may read `waiting`, `running` and `paused`.

    Args:
        schedule: The store's queue.
        holder: Names this process.
    """

    def __init__(self, schedule: ScheduleQueue, clock: Clock, holder: str) -> None:
        self._schedule = schedule
        self._clock = clock
        self._holder = holder
        self._known: dict[RunId, QueueEntry] = {}
        self._waiting: list[tuple[int, int, RunId]] = []
        self._begun: dict[Key, tuple[RunId, Executor]] = {}
        self._elsewhere: set[RunId] = set()
        self._silent: set[RunId] = set()
        self._places: frozenset[str] = frozenset()
        self._stays_here: frozenset[CheckId] = frozenset()
        self.under_way: Counter[Key] = Counter()
        self.paused: frozenset[CheckId] = frozenset()

    @property
    def waiting(self) -> int:
        """How many runs wait to begin on this host."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many runs are under way on this host."""
        return max(0, len(self._known) - len(self._waiting) - len(self._elsewhere))

    @property
    def elsewhere(self) -> list[QueueEntry]:
        """The runs that workers of locations are to make, or make."""
        return [self._known[run] for run in self._elsewhere]

    def use_places(self, places: frozenset[str], stays_here: frozenset[CheckId]) -> None:
        """Leave the runs of these locations to workers there, except those of some checks."""
        if (places, stays_here) == (self._places, self._stays_here):
            return
        self._places, self._stays_here = places, stays_here
        undecided = {run for _, _, run in self._waiting} | self._elsewhere
        self._waiting, self._elsewhere = [], set()
        for run in undecided:
            self._push(self._known[run])

    def release(self, run: RunId) -> None:
        """Let the next run of a check begin although nobody knows what became of this one."""
        if run in self._known and run not in self._silent:
            self._silent.add(run)
            self._leave(self._known[run])

    def adopt(self, entries: Iterable[QueueEntry]) -> list[RunId]:
        """Take over what is in the store's queue, and return what is new; what was begun here goes on."""
        return [entry.run for entry in entries if self._add(entry)]

    def refresh(self) -> None:
        """Read what others put into the store: runs that were asked for, and pauses."""
        self.adopt(self._schedule.asked())
        self.paused = frozenset(pause.check for pause in self._schedule.pauses())

    def orphans(self, checks: AbstractSet[CheckId]) -> list[QueueEntry]:
        """Return what waits for checks that are not there any more."""
        waiting = (*(run for _, _, run in self._waiting), *self._elsewhere)
        return [self._known[run] for run in waiting if self._known[run].check not in checks]

    def drop(self, entries: Sequence[QueueEntry]) -> None:
        """Take out runs that wait."""
        if entries:
            self._remove({entry.run for entry in entries})
            for entry in entries:
                self._forget(entry.run)

    def forget_waiting(self) -> None:
        """Forget what waits: another process executes it; what is under way here goes on."""
        for run in [*(run for _, _, run in self._waiting), *self._elsewhere]:
            self._forget(run)
        self._waiting.clear()

    def advance(
        self,
        admission: Admission,
        planned_until_us: int | None,
        checks: Mapping[CheckId, Check],
        executors: Mapping[Kind, Executor],
        now_us: int,
    ) -> bool:
        """Take due runs in, and begin what there is room for: the most important first, then the oldest.

        Runs that are not executed are recorded. All is one transaction. Returns false, and has done nothing, if another
        process leads.

        Raises:
            StoreError: If the store cannot be used; nothing has been done.
        """
        queued, unmade = admission.queued, admission.unmade
        fresh = self.adopt(queued)
        chosen = self._choose(checks, executors)
        leases = {entry.run: _lease_until_us(check, now_us) for _, work in chosen for entry, check in work}
        if planned_until_us is None and not leases and not unmade:
            return True
        led = False
        try:
            led = self._schedule.advance(self._holder, queued, leases, planned_until_us=planned_until_us, unmade=unmade)
        finally:
            if not led:
                self._undo(fresh, leases)
        if led:
            for executor, work in chosen:
                for entry, _ in work:
                    self._begun[entry.check, entry.location] = (entry.run, executor)
                executor.begin(work)
        return led

    def begun(self, key: Key) -> tuple[RunId, Executor] | None:
        """Return the run of a check that began last and is under way, and what executes it."""
        return self._begun.get(key)

    def finished(self, run: Run) -> None:
        """Take out a run that is recorded."""
        self._forget(run.id)

    def _forget(self, run: RunId) -> None:
        entry = self._known.pop(run, None)
        if entry is None:
            return
        self._elsewhere.discard(run)
        if run in self._silent:
            self._silent.remove(run)
        else:
            self._leave(entry)
        key = (entry.check, entry.location)
        if key in self._begun and self._begun[key][0] == run:
            del self._begun[key]

    def _leave(self, entry: QueueEntry) -> None:
        key = (entry.check, entry.location)
        self.under_way[key] -= 1
        if not self.under_way[key]:
            del self.under_way[key]

    def _add(self, entry: QueueEntry) -> bool:
        if entry.run in self._known:
            return False
        self._known[entry.run] = entry
        self.under_way[entry.check, entry.location] += 1
        self._push(entry)
        return True

    def _push(self, entry: QueueEntry) -> None:
        if entry.location in self._places and entry.check not in self._stays_here:
            self._elsewhere.add(entry.run)
            return
        heapq.heappush(self._waiting, (-entry.priority, entry.due_us, entry.run))

    def _choose(
        self, checks: Mapping[CheckId, Check], executors: Mapping[Kind, Executor]
    ) -> list[tuple[Executor, list[tuple[QueueEntry, Check]]]]:
        """Take out of the waiting what there is room for, by executor; runs of unknown checks wait."""
        rest: list[tuple[int, int, RunId]] = []
        chosen: dict[int, tuple[Executor, list[tuple[QueueEntry, Check]]]] = {}
        room = {id(executor): executor.room for executor in executors.values()}
        while self._waiting and any(left > 0 for left in room.values()):
            place = heapq.heappop(self._waiting)
            entry = self._known[place[2]]
            check = checks.get(entry.check)
            executor = executors.get(check.kind) if check else None
            if check is None or executor is None or room[id(executor)] <= 0:
                rest.append(place)
                continue
            room[id(executor)] -= 1
            chosen.setdefault(id(executor), (executor, []))[1].append((entry, check))
        for place in rest:
            heapq.heappush(self._waiting, place)
        return list(chosen.values())

    def _undo(self, fresh: Sequence[RunId], chosen: Iterable[RunId]) -> None:
        """Put what was chosen back among the waiting, and forget what was taken in."""
        for run in chosen:
            self._push(self._known[run])
        self._remove(set(fresh))
        for run in fresh:
            self._forget(run)

    def _remove(self, runs: AbstractSet[RunId]) -> None:
        self._waiting = [place for place in self._waiting if place[2] not in runs]
        heapq.heapify(self._waiting)


def _lease_until_us(check: Check, now_us: int) -> int:
    return now_us + round(check.policy.timeout_s * _SECOND_US) + _LEASE_GRACE_US
