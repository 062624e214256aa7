"""Runs of many checks at a time, stored in groups."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from typing import TYPE_CHECKING, Protocol, Self

from outrider.runs.attempt_sequence import attempt_sequence, broken_run, finished_run, launched
from outrider.runs.redacted_run import UNDECLARED, redacted_run

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.model import Attempt, Check, Circumstances, Measurement, Order, Run
    from outrider.runs.attempt_sequence import Launch, Listener
    from outrider.workspace import Redactor

GATHER_S = 0.2
"""How long a finished run waits for others: a transaction costs ten times what a run in it does."""

_MOST_AT_ONCE = 1_000


class Starter(Protocol):
    """Measures without making anybody wait."""

    def start(self, order: Order, done: Callable[[Measurement], None]) -> None:
        """Begin an attempt; `done` is called once, from any thread. The scratch folder need not be there yet."""
        ...

    def soon(self, work: Callable[[], None]) -> None:
        """Do some work where starting an attempt is cheap."""
        ...


class GroupRecorder(Protocol):
    """Where runs are kept; `record_many` is idempotent by run id, and atomic."""

    def record_many(self, runs: Sequence[Run]) -> None:
        """Keep finished runs."""
        ...


class Fleet:
    """Executes runs, any number at a time; what is finished is stored within `GATHER_S` and one transaction.

    Used as a context: what is finished is stored before it is left.
    """

    def __init__(
        self,
        starter: Starter,
        recorder: GroupRecorder,
        scratch: Path,
        circumstances: Circumstances,
        listener: Listener | None = None,
        *,
        redactor: Redactor = UNDECLARED,
    ) -> None:
        self._starter = starter
        self._recorder = recorder
        self._scratch = scratch
        self._circumstances = circumstances
        self._listener = listener
        self._redactor = redactor
        self._finished: queue.SimpleQueue[tuple[Run, Callable[[Run], None]] | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._writer = threading.Thread(target=self._write, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finished.put(None)
        self._writer.join()
        if self._error is not None and error is None:
            raise self._error

    def start(self, checks: Iterable[Check], done: Callable[[Run], None], *, due_us: int | None = None) -> None:
        """Begin a run of each check; `done` is called in the writer's thread with each that is stored.

        Raises:
            StoreError: If an earlier run could not be stored.
        """
        if self._error is not None:
            raise self._error
        self._starter.soon(lambda: self._start((launched(check, due_us=due_us) for check in checks), done))

    def begin(self, launches: Iterable[Launch], done: Callable[[Run], None]) -> None:
        """Begin runs whose ids were made before; see `start`.

        Raises:
            StoreError: If an earlier run could not be stored.
        """
        if self._error is not None:
            raise self._error
        self._starter.soon(lambda: self._start(launches, done))

    def _start(self, launches: Iterable[Launch], done: Callable[[Run], None]) -> None:
        for launch in launches:
            sequence = attempt_sequence(launch, self._scratch, self._listener)
            try:
                self._go_on(launch, sequence, next(sequence), done)
            except Exception as error:  # those after it begin all the same, and this one does not vanish
                self._finished.put((broken_run(launch, error, self._circumstances), done))

    def run_all(self, checks: Sequence[Check], done: Callable[[Run], None] = lambda _: None) -> list[Run]:
        """Execute a run of each check, and return them in the order of the checks.

        Args:
            done: Is called with each run as soon as it is stored, in another thread.

        Raises:
            StoreError: If a run cannot be stored.
        """
        runs: dict[int, Run] = {}
        finished = threading.Semaphore(0)
        for number, check in enumerate(checks):
            self.start([check], _keeping(runs, number, finished, done))
        for _ in checks:
            while not finished.acquire(timeout=0.5):
                if self._stopped.is_set() and self._error is not None:
                    raise self._error
        return [runs[number] for number in range(len(checks))]

    def _go_on(
        self,
        launch: Launch,
        sequence: Generator[Order, Measurement, tuple[Attempt, ...]],
        order: Order,
        done: Callable[[Run], None],
    ) -> None:
        def measured(measurement: Measurement) -> None:
            try:
                self._go_on(launch, sequence, sequence.send(measurement), done)
            except StopIteration as end:
                self._finished.put((finished_run(launch, end.value, self._circumstances), done))
            except Exception as error:  # called in the starter's own thread, which must go on
                self._finished.put((broken_run(launch, error, self._circumstances), done))

        self._starter.start(order, measured)

    def _write(self) -> None:
        try:
            while group := self._gather():
                redacted = [(redacted_run(run, self._redactor), done) for run, done in group]
                self._recorder.record_many([run for run, _ in redacted])
                for run, done in redacted:
                    if any(attempt.measurement.artifacts for attempt in run.attempts):
                        shutil.rmtree(self._scratch / run.id, ignore_errors=True)
                    done(run)
        except BaseException as error:
            self._error = error
        finally:
            self._stopped.set()

    def _gather(self) -> list[tuple[Run, Callable[[Run], None]]]:
        """Return the runs that finished within a while of each other; none when the fleet is closed."""
        first = self._finished.get()
        if first is None:
            return []
        time.sleep(GATHER_S)
        group = [first]
        while len(group) < _MOST_AT_ONCE and not self._finished.empty():
            following = self._finished.get()
            if following is None:
                self._finished.put(None)
                break
            group.append(following)
        return group


def _keeping(
    runs: dict[int, Run], number: int, finished: threading.Semaphore, done: Callable[[Run], None]
) -> Callable[[Run], None]:
    def keep(run: Run) -> None:
        runs[number] = run
        done(run)
        finished.release()

    return keep
