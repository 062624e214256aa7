"""Keeps one warm worker and the shared browser ready, and replaces them when they are used up or broken."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.processes import VARIABLE, Mark, claim_folder, kill_marked
from outrider.journeys.worker_messages import AttemptResult, Collect, Collection, CollectStart
from outrider.journeys.worker_process import START_S, WorkerError, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.journeys.browser_server import BrowserServer
    from outrider.workspace import Snapshot


BROWSER_START_S = 30.0
SHORTEST_S = 0.1


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Configuration of workers.

    Attributes:
        home: Folder for working copies, logs and temporary files, each under a mark of its own.
        environment: Complete environment of a worker, secrets included.
        paths: Folders that the journeys lie in, below the workspace.
        runs_per_worker: After so many runs a worker is replaced, however well it behaved.
    """

    snapshot: Snapshot
    home: Path
    environment: Mapping[str, str]
    paths: Sequence[str]
    runs_per_worker: int = 5


class Workers:
    """One worker at a time, and the browser that it shares with those before and after it.

    Without a browser, tests can be collected and not be run.
    """

    def __init__(self, config: WorkerConfig, browser: BrowserServer | None) -> None:
        self._config = config
        self._browser = browser
        self._worker: WorkerProcess | None = None
        self._folder: Path | None = None
        self._mark = Mark("")
        self._served = 0

    @property
    def root(self) -> Path:
        """The worker's own copy of the workspace."""
        if self._folder is None:
            return self._config.snapshot.path
        return self._folder / "workspace"

    @property
    def endpoint(self) -> str:
        """Where the shared browser listens."""
        return self._browser.endpoint if self._browser else ""

    def ready(self, limit_s: float = START_S) -> WorkerProcess:
        """Return a warm worker, and see to it that the browser runs.

        Raises:
            WorkerError: If no worker gets ready, within the limit.
            BrowserError: If the browser does not start, within the limit or half a minute.
        """
        begin_s = time.monotonic()
        if self._browser is not None:
            if self._browser.endpoint and not self._browser.is_healthy():
                self._browser.kill()
            self._browser.start(min(BROWSER_START_S, limit_s))
        return self._warm(max(SHORTEST_S, limit_s - (time.monotonic() - begin_s)))

    def collect(self) -> Collection:
        """Return all tests below the journeys' folders; a file or folder that ends the worker is an error of its own.

        Raises:
            WorkerError: If no worker gets ready, or one ends before it collects anything.
        """
        culprits: dict[str, str] = {}
        while True:
            self._warm()
            paths = [path for path in self._config.paths if (self.root / path).exists() and path not in culprits]
            if not paths:  # the folder is empty, or was never made
                return Collection([], [list(culprit) for culprit in culprits.items()])
            started: list[str] = []
            try:
                collection = self._collect(Collect(paths, list(culprits)), started)
            except WorkerError as error:
                self.retire()
                if not started or started[-1] in {".", *culprits}:
                    raise
                culprits[started[-1]] = f"{error.what}: {error.fix}"
                continue
            return replace(collection, errors=[*collection.errors, *(list(culprit) for culprit in culprits.items())])

    def _collect(self, order: Collect, started: list[str]) -> Collection:
        """Have the worker collect; what it starts with is added to `started`."""
        worker = self._warm()
        worker.send(order)
        while True:
            try:
                answer = worker.receive(START_S)
            except TimeoutError:
                raise worker.failure(f"found no tests within {START_S:g} s") from None
            if isinstance(answer, Collection):
                return answer
            if not isinstance(answer, CollectStart):
                raise TypeError(answer)
            started.append(answer.path)

    def browser_alive(self) -> bool:
        """Whether the shared browser still answers; bounded in time."""
        return self._browser is not None and self._browser.is_healthy()

    def traces(self, label: str, scratch: Path, result: AttemptResult | None) -> list[Path]:
        """Return the traces of an attempt: those it exported, and the raw files of contexts that it did not end."""
        exported = [Path(trace) for context in (result.contexts if result else ()) for trace in context.traces]
        ended = {path.stem for path in exported}
        folders = [scratch / "traces", *([self._browser.traces] if self._browser else [])]
        raw = [path for folder in folders for path in folder.glob(f"{label}-*.trace")]
        return [*exported, *sorted(path for path in raw if path.stem not in ended)]

    def settle(self, result: AttemptResult | None) -> None:
        """Clean up after an attempt: leftover processes, raw traces, and the worker if it is used up."""
        self._served += 1
        self._clear_traces()
        if result is None:
            self.retire()
            if self._browser is not None:
                self._browser.kill()  # what blocked the test may block the browser
        elif not result.reusable or self._served >= self._config.runs_per_worker:
            self.retire()

    def end_worker(self) -> None:
        """End the worker's process; whoever waits for it sees that, and retires it. May be called from any thread."""
        worker = self._worker
        if worker is not None:
            worker.end()

    def retire(self) -> None:
        """End the worker, everything that its tests started, and its folder."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        if self._folder is not None:
            kill_marked(self._mark)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._served = 0

    def close(self) -> None:
        """End the worker and the browser."""
        self.retire()
        if self._browser is not None:
            self._browser.stop()

    def _clear_traces(self) -> None:
        """Remove what Playwright keeps for traces that nobody ended, the pictures and bodies of full ones included."""
        if self._browser is None:
            return
        for path in self._browser.traces.glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _warm(self, limit_s: float = START_S) -> WorkerProcess:
        if self._worker is None:
            worker = self._start()
            try:
                worker.wait_ready(limit_s)
            except WorkerError:
                self.retire()
                raise
            self._worker = worker
        return self._worker

    def _start(self) -> WorkerProcess:
        self._mark, self._folder = claim_folder(self._config.home)
        temporary = self._folder / "tmp"
        temporary.mkdir(parents=True)
        self._config.snapshot.checkout(self.root)
        environment = {**self._config.environment, VARIABLE: self._mark, "TMPDIR": str(temporary)}
        arguments = [*self._config.paths, f"--basetemp={self._folder / 'pytest'}"]
        return WorkerProcess(self.root, self._folder / "worker.log", environment, arguments)
