"""Executes what would slow its neighbour, one run at a time."""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING

import structlog

from outrider.model import Claim, OutriderError
from outrider.runs import UNDECLARED, Runner, broken_run, redacted_run
from outrider.scheduler.executor import launch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Check, Circumstances, HostTurn, Kind, QueueEntry, Run, RunId
    from outrider.runs import Turns
    from outrider.scheduler.executor import Work
    from outrider.scheduler.killable import Killable
    from outrider.scheduler.retrying_recorder import RetryingRecorder
    from outrider.workspace import Redactor

log = structlog.get_logger("outrider.scheduler")

_GIVE_UP_S = 5.0


class TurnsExecutor:
    """Executes runs one at a time in a thread of its own, each waiting for its turn on this host.

    Args:
        measures: By kind of check.
        prepare: Is called with each check before its run, for what must not be measured.
        redactor: Hides the workspace's secrets.
    """

    def __init__(
        self,
        measures: Mapping[Kind, Killable],
        recorder: RetryingRecorder,
        turns: Turns,
        *,
        scratch: Path,
        circumstances: Circumstances,
        prepare: Callable[[Check], None],
        redactor: Redactor = UNDECLARED,
    ) -> None:
        self._measures = measures
        self._runner = Runner(measures, self, scratch, circumstances, redactor=redactor)
        self._redactor = redactor
        self._recorder = recorder
        self._circumstances = circumstances
        self._turns = turns
        self._prepare = prepare
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards _under_way, which the service's thread fills and ours empties
        self._under_way: dict[RunId, Work] = {}
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="turns", daemon=True)
        self._thread.start()

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        with self._lock:
            return 1 - len(self._under_way)

    def begin(self, work: Sequence[Work]) -> None:
        """Begin a run."""
        with self._lock:
            self._under_way.update({entry.run: (entry, check) for entry, check in work})
        for item in work:
            self._work.put(item)

    def kill(self, run: RunId) -> None:
        """End a run soon, in a thread of its own: a worker and its browser take a while to end."""
        threading.Thread(target=self._kill, args=[run], name="kill run", daemon=True).start()

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for the run under way, at most so long, then end it, and return what is not finished."""
        self._work.put(None)
        self._thread.join(within_s)
        if self._thread.is_alive():
            self._given_up.set()
            for entry, _ in self._unfinished():
                self.kill(entry.run)
            self._thread.join(_GIVE_UP_S)
        return self._unfinished()

    def record(self, run: Run) -> None:
        """Record a run that was executed; one that was ended because the executor is closed is not finished."""
        if not self._given_up.is_set():
            self._recorder.record(run)

    def _unfinished(self) -> tuple[Work, ...]:
        with self._lock:
            return tuple(self._under_way.values())

    def _kill(self, run: RunId) -> None:
        for measure in self._measures.values():
            try:
                measure.kill(run)
            except Exception as error:  # the run ends by its own time-out then
                log.exception("run.unkilled", run=run, error=str(error))

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            if not self._execute(work):
                return  # what was begun is returned by `close`

    def _execute(self, work: Work) -> bool:
        """Execute a run when its turn comes; return false if the executor is closed before that."""
        entry, check = work
        claim = Claim(check.id, check.policy.timeout_s)
        try:
            with self._turns.taken(claim, self._given_up, partial(_log_wait, entry)) as is_taken:
                if not is_taken:
                    return False
                self._run(work)
        except Exception as error:  # the next run must not suffer
            log.exception("run.broken", run=entry.run, check=check.id)
            self._record_broken(work, error)
        with self._lock:
            if not self._given_up.is_set():
                del self._under_way[entry.run]
        return True

    def _run(self, work: Work) -> None:
        entry, check = work
        try:
            self._prepare(check)
        except OutriderError as error:
            log.warning("run.unprepared", check=check.id, error=str(error))
        self._runner.run(check, location=entry.location, due_us=entry.due_us, run=entry.run)

    def _record_broken(self, work: Work, error: Exception) -> None:
        try:
            self.record(redacted_run(broken_run(launch_of(work), error, self._circumstances), self._redactor))
        except Exception as unrecorded:  # the run stays in the store's queue, and is repeated after a restart
            log.exception("run.unrecorded", run=work[0].run, error=str(unrecorded))


def _log_wait(entry: QueueEntry, ahead: Sequence[HostTurn]) -> None:
    first = ahead[0]
    log.info(
        "run.waits", run=entry.run, check=entry.check, ahead=len(ahead), behind=first.claim.check,
        workspace=first.workspace, process=first.pid,
    )  # fmt: skip
