"""What the process that serves pages knows of the scheduler, which runs in another one and may be away."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.service_link import NoAnswer
from outrider.model import ProcessView, ServiceView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.alerts import AlertSettings
    from outrider.app.access.service_link import LinkClient
    from outrider.model import Check, HeartbeatKeys
    from outrider.workspace import Workspace

BRIEF, FULL, LOADED = "brief", "full", "loaded"
"""Questions to the scheduler: how the service does with the checks that are paused, with all checks; what is loaded."""

_FRESH_S = 0.25
_PAUSE_S = 1.0
_SILENT_S = 15.0


@dataclass(frozen=True, slots=True)
class LoadedWorkspace:
    """A state of the workspace that the scheduler runs checks by.

    Attributes:
        generation: Differs from that of every other state; empty while none is loaded.
        snapshot: Digest of its files.
    """

    generation: str
    workspace: Workspace
    checks: tuple[Check, ...]
    heartbeats: HeartbeatKeys
    alerts: AlertSettings
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class SchedulerAnswer:
    """How the service does.

    Attributes:
        generation: Of the state of the workspace that checks run by; empty while none is loaded.
    """

    generation: str
    view: ServiceView


class Scheduler(Protocol):
    """What pages ask of the scheduler; any thread may ask."""

    def view(self, *, in_full: bool = False) -> SchedulerAnswer:
        """Return how the service does now; with the checks that are paused, or in full with all checks."""
        ...

    def loaded(self) -> LoadedWorkspace | None:
        """Return what is loaded; None if nothing is, or if that cannot be known."""
        ...


class SchedulerReader:
    """Implements `Scheduler` beside the scheduler's process. What was said lately serves all who ask.

    While the scheduler does not answer, what it said last grows old (`ServiceView.ticked_s`), and after fifteen seconds
    that is a problem. Where it does not run, that is a problem at once, and nothing leads.

    Args:
        link: To the scheduler.
        processes: Of the service as they are now.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        link: LinkClient,
        processes: Callable[[], Sequence[ProcessView]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._processes = processes
        self._clock = clock
        self._lock = threading.Lock()  # guards what follows; who waits for it is served by who asks
        self._last: dict[str, tuple[float, SchedulerAnswer]] = {}
        self._silent_until_s = 0.0
        self._began_s = clock()

    def view(self, *, in_full: bool = False) -> SchedulerAnswer:
        """Return how the service does now."""
        word = FULL if in_full else BRIEF
        processes = tuple(self._processes())
        away = next((known for known in processes if known.name == "scheduler" and not known.is_running), None)
        with self._lock:
            known_s, last = self._last.get(word) or (self._began_s, _NOTHING)
            if away is None and (answer := self._fresh(word, known_s, last)) is not None:
                return SchedulerAnswer(answer.generation, replace(answer.view, processes=processes))
        return SchedulerAnswer(last.generation, self._aged(last.view, self._clock() - known_s, away, processes))

    def loaded(self) -> LoadedWorkspace | None:
        """Return what is loaded."""
        try:
            loaded = self._link.ask(LOADED, within_s=10.0)
        except NoAnswer:
            return None
        return loaded if isinstance(loaded, LoadedWorkspace) else None

    def _fresh(self, word: str, known_s: float, last: SchedulerAnswer) -> SchedulerAnswer | None:
        """Return an answer of now; None if the scheduler does not answer."""
        now_s = self._clock()
        if word in self._last and now_s - known_s < _FRESH_S:
            return last
        if now_s < self._silent_until_s:
            return None
        try:
            answer = self._link.ask(word)
        except NoAnswer:
            self._silent_until_s = self._clock() + _PAUSE_S
            return None
        assert isinstance(answer, SchedulerAnswer)
        self._last[word] = self._clock(), answer
        return answer

    def _aged(
        self, view: ServiceView, age_s: float, away: ProcessView | None, processes: tuple[ProcessView, ...]
    ) -> ServiceView:
        """Return what was said last as it is to be read now."""
        problem = ""
        if away is not None:
            how = away.problem or "not started yet"
            problem = f"the process of the scheduler does not run and is started again: {how}"
        elif age_s > _SILENT_S:
            problem = f"the scheduler has not answered for {age_s:.0f} s"
        problems = {**view.problems, **({"scheduler": problem} if problem else {})}
        return replace(
            view, leads=view.leads and away is None, problems=problems, ticked_s=view.ticked_s + age_s,
            processes=processes,
        )  # fmt: skip


_NOTHING = SchedulerAnswer("", ServiceView(False, False, (), {}, 0.0, 0, 0, 0))
