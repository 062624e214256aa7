"""What runs one state of the workspace for the service, and whether there is a newer state."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.runtime import browser_or_error, open_runtime
from outrider.app.workspace_access import now_us, register_checks
from outrider.model import ConfigErrors, Kind
from outrider.scheduler import FleetExecutor, Killable, TurnsExecutor, problems_of
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from outrider.app.runtime import Runtime
    from outrider.model import Check
    from outrider.runs import Fleet
    from outrider.scheduler import Executor, RetryingRecorder
    from outrider.store import Store
    from outrider.workspace import Workspace

_UNWATCHED = {"__pycache__", "node_modules", "test-results"}
_PRODUCTS = (
    ".log",
    ".out",
    ".pyc",
    ".tmp",
    ".swp",
    ".db",
    ".db-wal",
    ".db-shm",
    ".html",
    ".png",
    ".zip",
    ".jsonl",
    "~",
)
"""Endings of files that programs write and no run reads: a log that grows in the workspace must not reload it."""

_LOOK_EVERY_S = 2.0


class ServiceRuntime:
    """Works made of a bench."""

    def __init__(self, workspace: Workspace, store: Store, recorder: RetryingRecorder, *, strict: bool) -> None:
        self.workspace = workspace
        self._stack = ExitStack()
        try:
            self._set_up(store, recorder, strict=strict)
        except BaseException:
            self._stack.close()
            raise

    def _set_up(self, store: Store, recorder: RetryingRecorder, *, strict: bool) -> None:
        browser = browser_or_error(self.workspace)
        ready = self._stack.enter_context(open_runtime(self.workspace, browser=browser))
        discovery = ready.discover()
        wrong = problems_of(discovery.checks, self.workspace.timezone, now_us())
        self.problems = (*discovery.problems, *wrong)
        if strict and self.problems:
            raise ConfigErrors(self.problems)
        places = {(one.where.file, one.where.line) for one in wrong if one.where}
        self.checks = tuple(one for one in discovery.checks if (one.path, one.line) not in places)
        register_checks(store, self.workspace, self.checks)
        self.tokens = ready.catalogue.tokens
        self.circumstances = ready.circumstances
        self.executors: Mapping[Kind, Executor] = self._executors(ready, store, recorder)

    def _executors(self, ready: Runtime, store: Store, recorder: RetryingRecorder) -> Mapping[Kind, Executor]:
        stop = {Kind.JOURNEY: ready.workers.retire}
        measures = {
            kind: Killable(measure, stop.get(kind, _do_nothing))
            for kind, measure in ready.measures({one.kind for one in self.checks}).items()
        }

        def prepare(check: Check) -> None:
            if check.kind == Kind.JOURNEY:
                ready.measure.prepare()

        self._turns = TurnsExecutor(
            measures, recorder, ready.turns, scratch=ready.scratch, circumstances=ready.circumstances, prepare=prepare
        )
        fleet: Fleet = self._stack.enter_context(ready.fleet(store, recorder=recorder))
        self._fleet = FleetExecutor(fleet, self.workspace.service.probes_at_once)
        return {Kind.PROBE: self._fleet, **dict.fromkeys(measures, self._turns)}

    def close(self, within_s: float) -> None:
        """Wait for the runs under way, at most so long, and leave nothing behind."""
        until_s = time.monotonic() + within_s
        self._turns.close(within_s)
        self._fleet.close(max(0.0, until_s - time.monotonic()))
        self._stack.close()


class ServiceRuntimeFactory:
    """Makes works of the workspace as it is now.

    Args:
        loaded: Hears of works that were made.
    """

    def __init__(
        self,
        root: Path,
        store: Store,
        recorder_of: Callable[[], RetryingRecorder],
        loaded: Callable[[ServiceRuntime], None],
    ) -> None:
        self._root = root
        self._store = store
        self._recorder_of = recorder_of
        self._loaded = loaded
        self._seen: dict[str, tuple[int, int]] | None = None
        self._exclude: tuple[str, ...] = ()
        self._looked_s = 0.0
        self._made = False

    def changed(self) -> bool:
        """Return whether files changed since works were made, or could not be; looks every other second."""
        if time.monotonic() - self._looked_s < _LOOK_EVERY_S:
            return False
        self._looked_s = time.monotonic()
        return self._seen != self._files()

    def make(self) -> ServiceRuntime:
        """Make works; what is wrong with single files refuses a change, and not a first start."""
        self._looked_s = time.monotonic()
        self._seen = self._files()
        workspace = load(self._root)
        self._exclude = workspace.exclude
        self._seen = self._files()
        works = ServiceRuntime(workspace, self._store, self._recorder_of(), strict=self._made)
        try:
            self._loaded(works)
        except BaseException:
            works.close(0.0)
            raise
        self._made = True
        return works

    def _files(self) -> dict[str, tuple[int, int]]:
        return dict(_stats(self._root, self._exclude))


def _stats(root: Path, exclude: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    for folder, folders, files in os.walk(root):
        below = Path(folder).relative_to(root)
        folders[:] = [
            one for one in folders
            if not one.startswith(".") and one not in _UNWATCHED and (below / one).as_posix() not in exclude
        ]  # fmt: skip
        for name in files:
            if name.endswith(_PRODUCTS):
                continue
            try:
                status = (Path(folder) / name).stat()
            except OSError:
                continue
            yield (below / name).as_posix(), (status.st_mtime_ns, status.st_size)


def _do_nothing() -> None:
    """Leave a measure alone that ends by its own time-out."""
