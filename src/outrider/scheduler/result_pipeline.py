"""After a run is stored: it is judged, and listeners hear of it; in a thread of its own, in the order of storing."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Protocol

import structlog

from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.scheduler.health import Health

log = structlog.get_logger("outrider.scheduler")


class RunJudge(Protocol):
    """What judges stored runs."""

    def judge(self, run: Run) -> list[Judgement]:
        """Judge a stored run."""
        ...


class Listener(Protocol):
    """Hears what happens; called from one thread, and must not take long."""

    def heard(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Hear of a run that is stored and judged; missed and skipped ones have no judgement."""
        ...

    def ticked(self, now_us: int) -> None:
        """Hear that about a second has passed."""
        ...


class ResultPipeline:
    """Judges stored runs and tells listeners.

    Args:
        judge: None if judging is off.
    """

    def __init__(self, judge: RunJudge | None, listeners: Sequence[Listener], health: Health) -> None:
        self.judge = judge
        self._listeners = listeners
        self._health = health
        self._inbox: queue.SimpleQueue[Run | int | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="verdicts", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """How many stored runs wait to be judged."""
        return self._inbox.qsize()

    def stored(self, runs: Sequence[Run]) -> None:
        """Take stored runs."""
        for run in runs:
            self._inbox.put(run)

    def ticked(self, now_us: int) -> None:
        """Let listeners know the time."""
        self._inbox.put(now_us)

    def close(self, within_s: float) -> None:
        """Judge what is there, and end."""
        self._inbox.put(None)
        self._thread.join(within_s)

    def _serve(self) -> None:
        while (one := self._inbox.get()) is not None:
            try:
                self._tell(one)
            except OutriderError as error:
                self._health.wrong("judging", str(error))
            except Exception as error:  # one run, one listener must not end the service
                log.exception("verdict.broken", error=str(error))
                self._health.wrong("judging", f"{type(error).__name__}: {error}")

    def _tell(self, one: Run | int) -> None:
        if isinstance(one, int):
            for listener in self._listeners:
                listener.ticked(one)
            return
        judgements = self.judge.judge(one) if self.judge is not None and one.attempts else []
        self._health.well("judging")
        for listener in self._listeners:
            listener.heard(one, judgements)
