"""What follows a stored run: it is judged, and listeners are notified, in one thread and in the order of storing."""

from __future__ import annotations

import queue
import threading
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from outrider.model import NotLeading, OutriderError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.scheduler.health import Health

Result = TypeVar("Result")

log = structlog.get_logger("outrider.scheduler")

_PASSING = {"store-unreachable", "store-locked"}
_TAKEN_AT_ONCE = 100
_WORTH_LEARNING = 2


class RunJudge(Protocol):
    """What judges stored runs."""

    def learn(self, runs: Sequence[Run]) -> None:
        """Prepare to judge these runs, in their order; without this each is judged the same, and slower."""
        ...

    def judge(self, run: Run) -> list[Judgement]:
        """Judge a stored run; one during which the store was away is judged again, which must count it once."""
        ...


class Listener(Protocol):
    """Is notified of what happens; called from one thread, and must not take long."""

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Take a run that is stored and judged; missed and skipped ones have no judgement.

        Called again with the same run where the store was away, which must change nothing.
        """
        ...

    def ticked(self, now_us: int) -> None:
        """Take note that about a second has passed."""
        ...


class ResultPipeline:
    """Judges stored runs and notifies listeners, in a thread of its own.

    A judge or a listener that breaks degrades the service, and keeps nobody else from being notified. While the store
    is away stored runs wait. `judge` may be replaced by any thread; the next run is judged by the new one.

    Args:
        judge: None if judging is off.
        listeners: In the order in which they are notified.
        health: Takes what broke.
        again_s: How long it waits for the store at a time.
    """

    def __init__(
        self, judge: RunJudge | None, listeners: Sequence[Listener], health: Health, *, again_s: float = 1.0
    ) -> None:
        self.judge = judge
        self._listeners = listeners
        self._health = health
        self._again_s = again_s
        self._closing = threading.Event()
        self._inbox: queue.SimpleQueue[Run | int | None] = queue.SimpleQueue()
        self._taken = 0  # changed by the thread alone
        self._thread = threading.Thread(target=self._serve, name="result pipeline", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """How many stored runs wait to be judged."""
        return self._inbox.qsize() + self._taken

    def stored(self, runs: Sequence[Run]) -> None:
        """Take stored runs."""
        for run in runs:
            self._inbox.put(run)

    def ticked(self, now_us: int) -> None:
        """Let listeners know the time."""
        self._inbox.put(now_us)

    def close(self, within_s: float) -> None:
        """Judge what is there, and end; the store is not waited for any more."""
        self._closing.set()
        self._inbox.put(None)
        self._thread.join(within_s)

    def _serve(self) -> None:
        while items := self._gather():
            self._learn([item for item in items if not isinstance(item, int)])
            for item in items:
                if isinstance(item, int):
                    self._notify(methodcaller("ticked", item))
                else:
                    judgements = self._judge(item)
                    self._notify(methodcaller("run_finished", item, judgements), is_kept=True)
                self._taken -= 1

    def _gather(self) -> list[Run | int]:
        """Wait for something, and return all that is there, up to a limit; nothing at the end."""
        items: list[Run | int] = []
        while len(items) < _TAKEN_AT_ONCE and not (items and self._inbox.empty()):
            item = self._inbox.get()
            if item is None:
                self._inbox.put(None)
                break
            items.append(item)
            self._taken += 1
        return items

    def _learn(self, runs: Sequence[Run]) -> None:
        """Let the judge read together what it needs; where that breaks, each run is judged by itself, and tells why."""
        judge, judged = self.judge, [run for run in runs if run.attempts]
        if judge is None or len(judged) < _WORTH_LEARNING:
            return
        try:
            judge.learn(judged)
        except Exception as error:  # one run must not cost the others
            log.warning("pipeline.unlearned", runs=len(judged), error=f"{type(error).__name__}: {error}")

    def _judge(self, run: Run) -> Sequence[Judgement]:
        """Return what the judge says; nothing if it broke, which must not keep listeners from hearing of the run."""
        judge = self.judge
        if judge is None or not run.attempts:
            return []
        return self._guarded("judging", partial(judge.judge, run), is_kept=True) or []

    def _notify(self, notify: Callable[[Listener], None], *, is_kept: bool = False) -> None:
        for listener in self._listeners:
            self._guarded(f"listener {type(listener).__name__}", partial(notify, listener), is_kept=is_kept)

    def _guarded(self, subject: str, work: Callable[[], Result], *, is_kept: bool = False) -> Result | None:
        try:
            result = self._kept(subject, work) if is_kept else work()
        except NotLeading as error:
            log.info("pipeline.not-leading", subject=subject, why=error.what)
            return None
        except OutriderError as error:
            self._health.wrong(subject, str(error))
            return None
        except Exception as error:  # one run, one listener must not end the service
            log.exception("pipeline.broken", subject=subject, error=str(error))
            self._health.wrong(subject, f"{type(error).__name__}: {error}")
            return None
        self._health.well(subject)
        return result

    def _kept(self, subject: str, work: Callable[[], Result]) -> Result:
        """Do something, again and again until the store is back."""
        while True:
            try:
                return work()
            except StoreError as error:
                if error.slug not in _PASSING or self._closing.is_set():
                    raise
                self._health.wrong(subject, str(error))
                self._closing.wait(self._again_s)
