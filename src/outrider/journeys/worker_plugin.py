"""The pytest plugin of a worker: instead of running what it collected, it waits for one order and carries it out.

An attempt sets up and tears down all fixtures, session-scoped ones included. Attempts share nothing: each has a worker.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys import shared_browser
from outrider.journeys.collection_guard import CollectionGuard
from outrider.journeys.error_classification import Overdue
from outrider.journeys.instrumentation import drive
from outrider.journeys.phase_report import ended_phase, phase_of, short
from outrider.journeys.recorder import Recorder
from outrider.journeys.step_listener import STEP_LISTENER
from outrider.journeys.worker_messages import (
    AttemptOrder,
    AttemptResult,
    Collect,
    CollectedTest,
    Collection,
    Phase,
    Ready,
    StepEvent,
    TypedPassword,
)
from outrider.model import tail

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable, Generator
    from types import FrameType, TracebackType

    import pluggy

    from outrider.journeys.named_steps import NamedStep
    from outrider.journeys.warm_driver import WarmDriver
    from outrider.journeys.worker_messages import Channel, Message

MAX_LOG = 1_000_000

# What a suite sets for people at a desk: it would distort a scheduled run, hide what happened, or leave tests out.
_SCHEDULED = {
    "headed": False, "slowmo": 0, "tracing": "off", "video": "off", "screenshot": "off",
    "reruns": 0, "maxfail": 0, "usepdb": False,
    "lf": False, "failedfirst": False, "newfirst": False, "stepwise": False, "stepwise_skip": False,
}  # fmt: skip
_LAUNCHERS = {"playwright", "browser_type", "launch_browser"}
_RERUNNERS = ("rerunfailures", "flaky.flaky_pytest_plugin", "flaky")
_REPORT_RERUNNERS = ("pytest-retry",)  # plug-ins that run a test again while its report is made


class WorkerPlugin:
    """Waits for an order and carries it out.

    Args:
        channel: To whoever gives the order.
        inbox: The messages that have come through it.
        driver: Ahead of the test.
        hide: What a test says or prints passes it.
    """

    def __init__(
        self,
        channel: Channel,
        inbox: queue.SimpleQueue[Message],
        driver: WarmDriver,
        hide: Callable[[str], str],
    ) -> None:
        self._channel = channel
        self._inbox = inbox
        self._driver = driver
        self._hide = hide
        self._errors: list[list[str]] = []
        self._guard = CollectionGuard(channel, _from_root)
        self._phases: list[Phase] = []
        self._raised: pytest.CallInfo[None] | None = None
        self._closed_by = ""
        self._log: list[str] = []
        self._documents: dict[tuple[str, float], dict[str, Any]] = {}
        self._connections = 0
        self._overdue = self._interrupted_in_test = False
        self._root = f"{Path.cwd()}/"  # a test may move away
        self._rootpath = Path()
        self.recorder: Recorder | None = None
        sys.addaudithook(self._audit)

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Prefer scheduled runs' settings over those for people, before plugins read them."""
        _schedule(config)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Undo what a conftest has set for people meanwhile, and prefer the shared browser over a new one."""
        _schedule(config)
        self._rootpath = config.rootpath
        for name in _REPORT_RERUNNERS:
            if config.pluginmanager.has_plugin(name):
                config.pluginmanager.unregister(name=name)
        config.pluginmanager.register(shared_browser, "outrider-shared-browser")
        config.pluginmanager.register(self._guard, "outrider-collection-guard")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect nothing yet."""
        session.items = []
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Carry out one order, and wait for the end: whoever asked ends this process."""
        self._channel.send(Ready())
        match self._inbox.get():
            case Collect() as order:
                self._channel.send(self._collect(session, order))
            case AttemptOrder() as order:
                self._channel.send(self._perform(session, order))
            case unexpected:
                raise AssertionError(unexpected)
        self._inbox.get()
        raise AssertionError

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        if report.failed:
            self._errors.append([self._relative(report.nodeid), short(self._hide(report.longreprtext))])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep what was raised in a phase; plug-ins and conftests may change its report until it is logged."""
        report = yield
        self._raised, self._closed_by = call, ""
        if self.recorder is not None and report.failed:
            self.recorder.failing = True
            self._closed_by = self.recorder.closed_by(_called_object(call.excinfo.tb)) if call.excinfo else ""
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the phase as it is reported."""
        if self._raised is None:
            return
        phase = replace(phase_of(report, self._raised, self._root), closed_by=self._closed_by)
        if self.recorder is not None:  # the picture of a passing run is no part of what the test took
            phase = replace(phase, duration_ms=max(0.0, phase.duration_ms - self.recorder.picture_ms))
            self.recorder.picture_ms = 0.0
        self._keep(phase)
        self._log = [f"--- {title}\n{text}" for title, text in report.sections]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Forward the `step` fixture's steps as they happen."""
        item.stash[STEP_LISTENER] = self._stepped

    def _collect(self, session: pytest.Session, order: Collect) -> Collection:
        self._errors.clear()
        self._guard.begin(order.ignored)
        items = self._items_of(session, order.paths)
        self._guard.end()
        tests = [_collected(item) for item in items]
        for item in self._guard.deselected(order.paths, {test.path for test in tests}):
            self._errors.append([f"{_from_root(item.path)}::{_name(item)}", self._guard.why_deselected])
        places = [*(test.path for test in tests), *(place for place, _ in self._errors)]
        return Collection(tests, list(self._errors), self._guard.without_tests(order.paths, places))

    def _items_of(self, session: pytest.Session, paths: list[str]) -> list[pytest.Item]:
        """Collect all paths, or one by one where pytest refuses all because of one."""
        errors = list(self._errors)
        try:
            return list(session.perform_collect(paths))
        except pytest.UsageError:
            if len(paths) == 1:
                return []
        self._errors[:] = errors
        return [item for path in paths for item in self._items_of(session, [path])]

    def _relative(self, nodeid: str) -> str:
        """Return a node id from the workspace's root; pytest counts from the folder of its own configuration."""
        path, separator, name = nodeid.partition("::")
        return _from_root(self._rootpath / path) + separator + name

    def _find(self, session: pytest.Session, target: str) -> pytest.Item | None:
        try:
            items = session.perform_collect([target])
        except pytest.UsageError as error:
            if not self._errors:  # or else its file cannot be collected, which is why the test is not found
                self._errors.append([target, str(error).replace(self._root, "")])
            return None
        if not items and self._errors:
            return None
        if (reason := self._guard.why_not(items)) is not None:
            self._errors.append([target, reason])
            return None
        return next((item for item in items if _target(item) == target), items[0])

    def _perform(self, session: pytest.Session, order: AttemptOrder) -> AttemptResult:
        started_ms, begin = time.time() * 1000, time.perf_counter()
        self.recorder = recorder = Recorder(order, self._reported)
        item = self._find(session, order.target)
        if item is None:
            self._phases = [Phase("collect", "failed", 0.0, message=text, detail=text) for _, text in self._errors]
        else:
            self._run(item, order)
        self.recorder = None
        return AttemptResult(
            started_ms=started_ms,
            duration_ms=(time.perf_counter() - begin) * 1000,
            phases=self._phases,
            contexts=recorder.files,
            documents=list(self._documents.values()),
            screenshots=recorder.screenshots,
            videos=recorder.videos,
            connections=self._connections + recorder.connections,
            browser=recorder.browser,
            log=tail(self._hide("\n".join(self._log)), MAX_LOG),
            overdue=self._overdue,
            interrupted_in_test=self._interrupted_in_test,
            crashed=recorder.crashed,
            disconnected=recorder.disconnected,
            injected=recorder.injected,
            waits=recorder.waits,
        )

    def _run(self, item: pytest.Item, order: AttemptOrder) -> None:
        """Run one item with all its fixtures."""
        if not _is_served_by_shared_driver(item):
            self._driver.stop()
        shared_browser.endpoint = order.endpoint
        os.environ["TMPDIR"] = tempfile.tempdir = order.scratch
        if hasattr(item.config.option, "output"):
            item.config.option.output = str(Path(order.scratch, "test-results"))
        signal.signal(signal.SIGUSR1, self._stop)
        if self.recorder is not None:
            self.recorder.late_film.schedule(order.film_after_s)
        try:
            self._carry_out(item)
            if self.recorder is not None:
                with suppress(Overdue), self.recorder.saving():  # the test is over: its outcome stands
                    drive(self.recorder.leaving())
        finally:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            if self.recorder is not None:
                self.recorder.late_film.cancel()

    def _carry_out(self, item: pytest.Item) -> None:
        """Run the item; one that asks pytest to leave off altogether ends itself only."""
        try:
            _protocol(item.config)(item=item, nextitem=None)
        except (KeyboardInterrupt, pytest.exit.Exception) as end:
            self._keep(ended_phase(end, self._root))

    def _keep(self, phase: Phase) -> None:
        """Keep a phase and report it, without the machine's environment."""
        message, detail, cause = map(self._hide, (phase.message, phase.detail, phase.cause))
        self._phases.append(replace(phase, message=message, detail=detail, cause=cause))
        self._channel.send(self._phases[-1])

    def _stop(self, _signal: int, frame: FrameType | None) -> None:
        interruption = Overdue("the attempt's time is up")
        if not self._overdue:
            self._overdue, self._interrupted_in_test = True, not _is_in_playwright(frame, self._root)
        if self.recorder is not None and self.recorder.holds_back(interruption):
            return
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        raise interruption

    def _stepped(self, step: NamedStep) -> None:
        error = self._hide(step.error) if step.error else step.error
        self._channel.send(StepEvent(step.name, step.start_ms, step.duration_ms, step.parent, error))

    def _reported(self, payload: dict[str, Any]) -> None:
        """Keep what a page reports if it has a known form: pages can report anything."""
        if isinstance(typed := payload.get("typed"), str):
            self._channel.send(TypedPassword(typed))
        elif isinstance(payload.get("url"), str) and isinstance(payload.get("origin_ms"), int | float):
            self._documents[payload["url"], payload["origin_ms"]] = payload

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(details[1], tuple):
            self._connections += 1


def _called_object(traceback: TracebackType | None) -> object:
    """Return the object of Playwright's API whose method has raised, or None."""
    frames = (frame for frame, _ in walk_tb(traceback))
    return next((frame.f_locals.get("self") for frame in frames if _is_public_api(frame)), None)


def _is_public_api(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")) in {
        "playwright.sync_api._generated",
        "playwright.async_api._generated",
    }


def _is_in_playwright(frame: FrameType | None, root: str) -> bool:
    """Whether Playwright, or the event loop that carries out its calls, was what ran, and not the suite's own code."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in {"playwright", "asyncio"}:
            return True
        if frame.f_code.co_filename.startswith(root):
            return False
        frame = frame.f_back
    return False


def _collected(item: pytest.Item) -> CollectedTest:
    marker = item.get_closest_marker("outrider")
    source, line, _ = item.reportinfo()
    return CollectedTest(
        target=_target(item),
        path=_from_root(item.path),
        name=_name(item),
        line=(line or 0) + 1 if Path(source) == item.path else 0,  # inherited, or made by a plugin
        marks=sorted({mark.name for mark in item.iter_markers()} - {"parametrize", "usefixtures", "outrider"}),
        overrides=dict(marker.kwargs) if marker else {},
    )


def _target(item: pytest.Item) -> str:
    """Return the node id under which pytest collects the item from the workspace's root."""
    return f"{_from_root(item.path)}::{item.nodeid.partition('::')[2]}"


def _from_root(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()


def _schedule(config: pytest.Config) -> None:
    for option, value in _SCHEDULED.items():
        if hasattr(config.option, option):
            setattr(config.option, option, value)


def _protocol(config: pytest.Config) -> pluggy.HookCaller:
    """Return what runs a test, without plugins that run it again: trying again is for the check's policy to say."""
    manager = config.pluginmanager
    again = [plugin for name in _RERUNNERS if (plugin := manager.get_plugin(name))]
    return manager.subset_hook_caller("pytest_runtest_protocol", again)


def _name(item: pytest.Item) -> str:
    """Return the test's name without the browser's, which is an attribute of the run and not of the check."""
    name = item.nodeid.partition("::")[2]
    spec = getattr(item, "callspec", None)
    browser = spec.params.get("browser_name") if spec else None
    if not browser or browser != "chromium":
        return name
    stem, _, parameters = name.rstrip("]").partition("[")
    kept = "" if parameters == browser else parameters.removeprefix(f"{browser}-").removesuffix(f"-{browser}")
    return f"{stem}[{kept}]" if kept else stem


def _is_served_by_shared_driver(item: pytest.Item) -> bool:
    """Whether a test takes pytest-playwright's browser, and no more.

    One with an event loop of its own, or a hand-made Playwright, starts its own driver. One that asks for what launches
    browsers is to find them among its own processes.
    """
    test = getattr(item, "obj", None)
    if "browser" not in getattr(item, "fixturenames", ()) or inspect.iscoroutinefunction(test):
        return False
    return not (callable(test) and _LAUNCHERS & set(inspect.signature(test).parameters))
