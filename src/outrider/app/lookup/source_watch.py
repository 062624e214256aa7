"""How the sources of a workspace do, asked once a minute, as a part of the service's own health."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from outrider.app.lookup.source_access import workspace_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import SourceState
    from outrider.scheduler import Health
    from outrider.workspace import Workspace

_EVERY_S: Final = 60.0


class SourceWatch:
    """Asks each source who it is; one that does not answer degrades the service's health until it does.

    Args:
        workspace: Whose sources.
        health: Of the service.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, workspace: Workspace, health: Health, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace = workspace
        self._health = health
        self._clock = clock
        self._due_s = 0.0
        self._degraded: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None

    def use(self, workspace: Workspace) -> None:
        """Ask the sources of another state of the workspace, at once."""
        self._workspace, self._due_s = workspace, 0.0

    def states(self) -> Sequence[SourceState]:
        """Return how each source answered last, without asking."""
        return workspace_sources(self._workspace).states()

    def look(self) -> None:
        """Ask where a minute has passed; returns at once."""
        if self._clock() < self._due_s or (self._thread is not None and self._thread.is_alive()):
            return
        self._due_s = self._clock() + _EVERY_S
        sources = workspace_sources(self._workspace)
        if sources.states() or self._degraded:
            self._thread = threading.Thread(target=self._ask, name="sources", daemon=True)
            self._thread.start()

    def _ask(self) -> None:
        states = workspace_sources(self._workspace).check()
        wrong = {f"source {state.name}": state for state in states if state.problem}
        for subject in self._degraded - wrong.keys():
            self._health.well(subject)
        for subject, state in wrong.items():
            self._health.wrong(subject, f"{state.problem}; {state.fix}")
        self._degraded = frozenset(wrong)
