"""Keeps one warm worker and the shared browser ready: a new worker for each attempt, a new browser for a broken one."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.fork_client import ForkServer, Interpreters
from outrider.journeys.processes import VARIABLE, Mark, claim_folder, kill_marked
from outrider.journeys.pytest_starts import PytestStart, find_starts, start_of
from outrider.journeys.suite_paths import is_below
from outrider.journeys.worker_messages import AttemptResult, Collect, Collection, CollectStart, StartPytest
from outrider.journeys.worker_process import (
    LOG_TAIL,
    START_S,
    NotReadyInTime,
    WorkerError,
    WorkerProcess,
    explained,
)
from outrider.model import BrowserError, tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.journeys.browser_server import BrowserServer
    from outrider.journeys.fork_client import Origin
    from outrider.workspace import Snapshot


BROWSER_START_S = 30.0
SHORTEST_S = 0.1
_WORKSPACE, _TEMPORARY, _PYTEST, _LOG = "workspace", "tmp", "pytest", "worker.log"  # below the folder of the workers


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Configuration of workers.

    Attributes:
        home: Folder for working copies, logs and temporary files, each under a mark of its own.
        environment: Complete environment of a worker, secrets included.
        paths: Folders that the journeys lie in, below the workspace.
        forks: Whether workers are forked from one prepared process, where this system can.
    """

    snapshot: Snapshot
    home: Path
    environment: Mapping[str, str]
    paths: Sequence[str]
    forks: bool = sys.platform == "linux"


class Workers:
    """One worker at a time, and the browser that it shares with those before and after it.

    A worker collects once or carries out one attempt, in a copy of the workspace that no other has used: what a test
    leaves in modules, files and variables of its process ends with it. All copies lie at one path, one after the other.
    Without a browser, tests can be collected and not be run.
    """

    def __init__(self, config: WorkerConfig, browser: BrowserServer | None) -> None:
        self._config = config
        self._browser = browser
        self._worker: WorkerProcess | None = None
        self._starts: tuple[PytestStart, ...] = ()
        self._started: PytestStart | None = None
        self._origin: Origin | None = None
        self._folder: Path | None = None
        self._mark = Mark("")
        self._cleaning: threading.Thread | None = None
        self._starting_browser: threading.Thread | None = None
        self._starts_driver_ahead = False

    @property
    def root(self) -> Path:
        """The worker's own copy of the workspace."""
        if self._folder is None:
            return self._config.snapshot.path
        return self._folder / _WORKSPACE

    @property
    def endpoint(self) -> str:
        """Where the shared browser listens."""
        return self._browser.endpoint if self._browser else ""

    def ready(self, limit_s: float = START_S, *, target: str = "") -> WorkerProcess:
        """Return a warm worker, and see to it that the browser runs.

        Args:
            limit_s: How long that may take.
            target: The test that it is for; without one, as for the worker before.

        Raises:
            WorkerError: If no worker gets ready, within the limit.
            BrowserError: If the browser does not start, within the limit or half a minute.
        """
        begin_s = time.monotonic()
        self._await_browser()
        if self._browser is not None:
            if self._browser.endpoint and not self._browser.is_healthy():
                self._browser.kill()
            self._browser.start(min(BROWSER_START_S, limit_s))
        left_s = max(SHORTEST_S, limit_s - (time.monotonic() - begin_s))
        start = start_of(target, self.starts) if target else self._started or self.starts[0]
        return self._warm(start, left_s, with_driver=self._browser is not None)

    def start_browser_ahead(self) -> None:
        """Start browser and driver beside what comes next, such as collection; `ready` waits for them.

        What is wrong with them is heard there, too.
        """
        if self._browser is not None and self._starting_browser is None:
            self._starts_driver_ahead = True
            self._starting_browser = threading.Thread(target=self._start_browser, name="browser start")
            self._starting_browser.start()

    def _start_browser(self) -> None:
        assert self._browser is not None
        with suppress(BrowserError):
            self._browser.start(BROWSER_START_S)

    def _await_browser(self) -> None:
        if self._starting_browser is not None:
            self._starting_browser.join()
            self._starting_browser = None

    @property
    def starts(self) -> tuple[PytestStart, ...]:
        """The starts of pytest that the workspace's tests need."""
        self._starts = self._starts or find_starts(self._config.snapshot.path, self._config.paths)
        return self._starts

    def collect(self, on_start: Callable[[str], None] = lambda _path: None) -> Collection:
        """Return all tests below the journeys' folders; a file or folder that ends the worker is an error of its own.

        Args:
            on_start: Takes the path of each file and folder when its collection begins.

        Raises:
            WorkerError: If no worker gets ready, or one ends before it collects anything, whatever it starts with.
        """
        collections, failures = [], []
        for number, start in enumerate(self.starts):
            try:
                collections.append(self._collect_start(start, on_start, keeps_copy=number > 0))
            except WorkerError as error:
                failures.append(error)
                message = f"{error.what}: {error.fix}"
                collections.append(Collection([], [[path, message] for path in start.paths]))
        if len(failures) == len(collections):
            raise failures[0]
        return merged(collections)

    def _collect_start(self, start: PytestStart, on_start: Callable[[str], None], *, keeps_copy: bool) -> Collection:
        """Return the tests of one start of pytest, in the workspace copy of the one before it if that is kept."""
        culprits: dict[str, str] = {}
        while True:
            self.retire()
            worker = self._warm(start, keeps_copy=keeps_copy)
            keeps_copy = False
            paths = [path for path in start.paths if (self.root / path).exists() and path not in culprits]
            if not paths:  # the folder is empty, or was never made
                self.settle()
                return Collection([], [list(culprit) for culprit in culprits.items()])
            started: list[str] = []
            try:
                order = Collect(paths, [*start.ignored, *culprits])
                collection = self._collect(worker, order, started, on_start)
            except WorkerError as error:
                if not started or started[-1] in {".", *culprits}:
                    raise
                culprits[started[-1]] = f"{error.what}: {error.fix}"
                continue
            self.settle()
            return replace(collection, errors=[*collection.errors, *(list(culprit) for culprit in culprits.items())])

    @staticmethod
    def _collect(
        worker: WorkerProcess, order: Collect, started: list[str], on_start: Callable[[str], None]
    ) -> Collection:
        """Have the worker collect; what it starts with is added to `started`."""
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
            on_start(answer.path)

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

    def settle(self, *, blocked: bool = False) -> None:
        """Clean up after an attempt: the worker, what it started and left behind, and raw traces.

        The worker is killed now; waiting for its end, and searching for what it left, needs nobody to wait.

        Args:
            blocked: The worker did not answer any more; what blocked the test may block the browser.
        """
        self._clear_traces()
        if blocked and self._browser is not None:
            self._browser.kill()
        if self._worker is not None:
            self._worker.end()
            self._cleaning = threading.Thread(target=self._clean, args=(self._worker,), name="worker clean-up")
            self._worker = None
            self._cleaning.start()

    def end_worker(self) -> None:
        """End the worker's process; whoever waits for it sees that, and retires it. May be called from any thread."""
        worker = self._worker
        if worker is not None:
            worker.end()

    def retire(self) -> None:
        """End the worker and everything that its tests started."""
        self.settle()
        self._finish_cleaning()

    def close(self) -> None:
        """End the worker, what workers come from, and the browser."""
        self._await_browser()
        self.retire()
        self._leave_origin()
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

    def _clean(self, worker: WorkerProcess) -> None:
        worker.kill()
        spare = self._origin.pids if isinstance(self._origin, ForkServer) else set()
        kill_marked(self._mark, spare=spare)

    def _finish_cleaning(self) -> None:
        if self._cleaning is not None:
            self._cleaning.join()
            self._cleaning = None

    def _warm(
        self, start: PytestStart, limit_s: float = START_S, *, with_driver: bool = False, keeps_copy: bool = False
    ) -> WorkerProcess:
        if start != self._started:
            self.settle()
        if self._worker is None:
            self._finish_cleaning()
            begin_s = time.monotonic()
            self._started = start
            folder = self._fresh_folder(keeps_copy=keeps_copy)
            self._worker = self._start(start, folder, limit_s, with_driver=with_driver)
            try:
                self._worker.wait_ready(max(SHORTEST_S, limit_s - (time.monotonic() - begin_s)))
            except WorkerError:
                self.retire()
                raise
        return self._worker

    def _start(self, start: PytestStart, folder: Path, limit_s: float, *, with_driver: bool) -> WorkerProcess:
        """Start a worker in a copy of the workspace.

        Raises:
            WorkerError: If what workers come from does not start, or has ended.
        """
        log = folder / _LOG
        try:
            origin = self._origin_of(folder, limit_s)
            options = [f"--basetemp={folder / _PYTEST}", *(f"-pno:{plugin}" for plugin in start.left_out)]
            order = StartPytest(list(start.paths), options, list(start.ignored))
            return WorkerProcess(origin, self.root, log, order, with_driver=with_driver)
        except TimeoutError:
            self._leave_origin()
            raise NotReadyInTime(
                f"no journey worker was started within {limit_s:.0f} s", slug="worker-failed"
            ) from None
        except OSError as error:
            output = log.read_text(errors="replace") if log.is_file() else ""
            self._leave_origin()
            raise WorkerError(
                f"no journey worker can be started: {error}",
                slug="worker-failed",
                fix=explained(tail(output, LOG_TAIL)),
            ) from error

    def _fresh_folder(self, *, keeps_copy: bool) -> Path:
        """Return the folder of all workers, with no temporary files and a new copy of the workspace or the kept one."""
        if self._folder is None:
            self._mark, self._folder = claim_folder(self._config.home)
        keeps_copy = keeps_copy and self.root.is_dir()
        for name in (*(() if keeps_copy else (_WORKSPACE,)), _TEMPORARY, _PYTEST):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / _LOG).unlink(missing_ok=True)
        (self._folder / _TEMPORARY).mkdir()
        if not keeps_copy:
            self._config.snapshot.checkout(self.root)
        return self._folder

    def _origin_of(self, folder: Path, limit_s: float) -> Origin:
        if self._origin is None:
            environment = {**self._config.environment, VARIABLE: self._mark, "TMPDIR": str(folder / _TEMPORARY)}
            self._origin = Interpreters(self.root, environment)
            if self._config.forks:
                self._origin = server = ForkServer(self.root, folder / _LOG, environment)
                if not server.is_fit(limit_s):
                    server.close()
                    self._origin = Interpreters(self.root, environment)
                elif self._starts_driver_ahead:
                    server.start_driver()
        return self._origin

    def _leave_origin(self) -> None:
        """End what workers come from, and remove their folder."""
        if self._origin is not None:
            self._origin.close()
            self._origin = None
        if self._folder is not None:
            kill_marked(self._mark)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def merged(collections: Sequence[Collection]) -> Collection:
    """Return what several starts of pytest have collected; a path has no tests if none of them finds any below it."""
    tests = [test for collection in collections for test in collection.tests]
    errors = [error for collection in collections for error in collection.errors]
    places = [*(test.path for test in tests), *(place for place, _ in errors)]
    without = [path for collection in collections for path in collection.without_tests]
    empty = [[path, why] for path, why in without if not any(is_below(place, path) for place in places)]
    return Collection(tests, errors, empty)
