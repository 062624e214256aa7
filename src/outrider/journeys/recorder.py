"""Records every browser context that a test makes, whichever of Playwright's two APIs it uses.

Only public classes are wrapped, only inside a worker, and only while an attempt runs: tracing without pictures and a
HAR without content start with the context and end just before it closes. What the test does with tracing itself keeps
working: ours steps aside.
"""

from __future__ import annotations

import functools
import json
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright import async_api, sync_api

from outrider.journeys.connected_files import ConnectedFiles
from outrider.journeys.faults import Fault, Injection
from outrider.journeys.late_film import LateFilm
from outrider.journeys.trace_route import TraceRoute
from outrider.journeys.warm_driver import is_driver_running
from outrider.journeys.worker_messages import ContextFiles, WrittenWait
from outrider.model import VENDOR, TraceContext

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import FrameType

    from outrider.journeys.worker_messages import AttemptOrder

    Calls = Generator[Any, None, None]

BINDING = "__outrider_report"
FLUSH = "outrider:flush"  # an event: unlike a script's call it is bounded in time, and Playwright has the means at hand
FLUSH_MS = 500
_encode = json.JSONEncoder().encode  # taken before a test can replace `json.dumps`
SCREENSHOT_MS = 700

# The two APIs share names and arguments, not types. A method returns its value in one and a coroutine in the other;
# a generator that yields every call's result is therefore right for both (see `_drive` and `_drive_async`).
Context = Any


@dataclass(slots=True)
class _Recorded:
    """What we run on one context."""

    context: Context
    name: str
    tracing: bool = False
    har: str = ""
    owner: object = None
    traces: list[str] = field(default_factory=list)
    video_folder: str = ""
    pages: list[Any] = field(default_factory=list)


class Recorder:
    """Starts our collectors on every context of an attempt, and stops them before the context closes."""

    def __init__(self, order: AttemptOrder, report: Callable[[dict[str, Any]], None]) -> None:
        self._order = order
        self._report = report
        self._folder = Path(order.scratch)
        self._open: dict[int, _Recorded] = {}
        self._filmed: dict[int, list[Any]] = {}
        self.late_film = LateFilm(self._folder / "films")
        self.connected_files = ConnectedFiles(self._folder / "downloads")
        self._browsers: list[Any] = []
        self.files: list[ContextFiles] = []
        self.screenshots: list[str] = []
        self.videos: list[str] = []
        self.browser = ""
        self.failing = order.evidence
        self.picture_ms = 0.0
        self.connections = 0
        self.crashed = False
        self.disconnected = False
        self._closed_by_test: list[object] = []
        self._closes_deliberately = False
        self._injections: list[Injection] = []
        self._closed_by_page: list[object] = []
        self.waits: list[WrittenWait] = []
        self._count = 0
        self._ours = False
        self._saving = 0
        self._interruption: BaseException | None = None

    # -- what the wrappers call; every `yield` hands a call's result to the driver

    def new_context_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a new context with what this attempt adds; the test's own come first."""
        added: dict[str, Any] = {}
        if self._order.state:
            added["storage_state"] = self._order.state
        if self._order.evidence:
            added["record_video_dir"] = str(self._folder / "videos")
        return {**added, **{name: value for name, value in options.items() if value is not None}}

    def launch_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a browser that the test launches itself, its raw traces kept where we find them."""
        return {"traces_dir": str(self._folder / "traces"), **options}

    def waiting(self, title: str) -> None:
        """Note what the test is about to wait for, and where: Playwright's record does not always say."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and _is_ours_or_playwrights(frame):
            frame = frame.f_back
        if frame is not None:
            self.waits.append(WrittenWait(title, frame.f_code.co_filename, frame.f_lineno))

    def opened_browser(self, browser: Any) -> None:
        """Remember a browser that the test launched or connected to."""
        self._browsers.append(browser)
        browser.on("disconnected", self._lost_browser)
        kind = browser.browser_type.name
        self.browser = f"{kind} {browser.version}"

    def connected(self, browser: Any) -> None:
        """Remember a browser that the test connected to."""
        self.connected_files.connected(browser)
        self.opened_browser(browser)

    def connected_over_cdp(self) -> None:
        """Count a browser of its own that the test connected to: what happens in its first context is not recorded."""
        self.connections += 1

    def opened(self, context: Context, options: dict[str, Any], owner: object = None) -> Calls:
        """Start our collectors on a new context, made with these options."""
        if id(context) in self._open:
            return
        self._count += 1
        videos = str(options.get("record_video_dir") or "")
        recorded = _Recorded(context, f"{self._order.label}-{self._count}", owner=owner, video_folder=videos)
        self._open[id(context)] = recorded
        for page in context.pages:
            self._opened_page(recorded, page)
        context.on("page", lambda page: self._opened_page(recorded, page))
        yield from self._start_tracing(recorded)
        har = str(self._folder / f"{self._count}.har")
        with suppress(sync_api.Error, async_api.Error):  # the test records one itself: one at a time
            yield context.tracing.start_har(har, content="omit")
            recorded.har = har
        yield context.expose_binding(BINDING, lambda _source, payload: self._report(payload))
        yield context.add_init_script(_vitals_script(self._order.main_thread))
        if self._order.propagate_to and self._order.by_route:
            traced = TraceRoute(TraceContext(self._order.trace_id, self._order.trace_state), self._order.propagate_to)
            yield context.route(traced.pattern, traced)
        elif self._order.propagate_to:
            yield context.add_init_script(_propagation_script(self._order))
        if self._order.fault:
            injection = Injection(Fault(self._order.fault))
            self._injections.append(injection)
            yield context.route("**/*", injection)

    def requesting(self, request: Any) -> Calls:
        """Record the requests that the test sends itself, from its first one on."""
        if id(request) in self._open:
            return
        self._count += 1
        recorded = _Recorded(request, f"{self._order.label}-{self._count}")
        with suppress(sync_api.Error, async_api.Error):
            recorded.har = str(self._folder / f"{self._count}.har")
            yield request.tracing.start_har(recorded.har, content="omit")
            self._open[id(request)] = recorded

    @property
    def injected(self) -> int:
        """How many requests the attempt's fault was injected into."""
        return sum(injection.met for injection in self._injections)

    def answering(self, route: Any) -> Callable[[Any], Any] | None:
        """Return what answers a request that a route of the test's lets go on; None if it may."""
        injection = self._injection_for(route)
        return injection.answer if injection else None

    def fetching(self, route: Any) -> Callable[[Any], Any] | None:
        """Return what a route of the test's meets that sends a request on itself; None if it may."""
        injection = self._injection_for(route)
        return injection.refuse if injection else None

    def _injection_for(self, route: Any) -> Injection | None:
        injection = self._injections[-1] if self._injections else None
        return injection if injection and injection.is_for(route.request) else None

    def closing_by_test(self, closed: object, collectors: Calls) -> Calls:
        """End collectors of what the test itself is about to close, and remember that it does.

        What it closes while an exception is on its way out has not caused that exception.
        """
        self._closed_by_test.append(closed)
        self._closes_deliberately |= sys.exc_info()[0] is None
        yield from collectors

    def closed_by(self, called: object) -> str:
        """Return who closed what a failed call was for: `page` if it closed itself, `test`, or nothing.

        Where Playwright does not say which page a call was for, any that was closed counts.
        """
        if getattr(called, "page", called) in self._closed_by_page:
            return "page"
        if self._closes_deliberately:
            return "test"
        return "page" if self._closed_by_page else ""

    def _opened_page(self, recorded: _Recorded, page: Any) -> None:
        self.late_film.opened(page)
        if recorded.video_folder:
            recorded.pages.append(page)
            self.connected_files.filmed(page, recorded.video_folder)
        page.on("crash", self._crashed_page)
        page.on("close", self._closed_page)

    def _crashed_page(self, _page: object) -> None:
        self.crashed = True

    def _closed_page(self, page: Any) -> None:
        by_test = any(closed in {page, page.context, page.context.browser} for closed in self._closed_by_test)
        if not by_test and is_driver_running():  # where the driver has died, all pages close
            self._closed_by_page.append(page)

    def _lost_browser(self, browser: object) -> None:
        if browser not in self._closed_by_test:
            self.disconnected = True

    def closing(self, context: Context) -> Calls:
        """End our collectors on a context that is about to close."""
        recorded = self._open.pop(id(context), None)
        if recorded is None:
            return
        with suppress(sync_api.Error, async_api.Error):
            yield from self._stop_tracing(recorded)
        pages = getattr(context, "pages", [])
        for page in pages:
            yield from self._harvest(page, is_last=page is pages[-1])
        films = yield from self.late_film.ended(context)
        if self.failing or sys.exc_info()[0] is not None:
            self.videos += films
        if hasattr(context, "request"):
            yield from self.closing(context.request)
        if self._order.save_state and hasattr(context, "pages"):
            yield context.storage_state(path=self._order.save_state)
        if recorded.har:
            with suppress(sync_api.Error, async_api.Error):
                yield context.tracing.stop_har()
        self.files.append(ContextFiles(recorded.traces, recorded.har))
        self._filmed[id(recorded.owner or context)] = recorded.pages

    def closed(self, closed: object) -> Calls:
        """Fetch the films of a context that has closed: they lie with the browser, which may be elsewhere."""
        for page in self._filmed.pop(id(closed), []):
            if page.video is None:
                continue
            own = self.connected_files.film(page.video)
            kept = self._folder / "films" / f"page-{len(self.videos) + 1}.webm" if self._order.evidence else own
            if kept is None:
                continue
            with suppress(sync_api.Error, async_api.Error, OSError):
                yield page.video.save_as(kept)
                if kept != own:
                    self.videos.append(str(kept))
                    _copy(kept, own)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Hold an interruption of the test back while what it leaves is saved."""
        self._saving += 1
        try:
            yield
        finally:
            self._saving -= 1
        if not self._saving and self._interruption is not None:
            interruption, self._interruption = self._interruption, None
            raise interruption

    def holds_back(self, interruption: BaseException) -> bool:
        """Keep an interruption for when everything is saved; return False if it has to be raised now.

        Only an attempt that records everything has time for that after it is interrupted, and only once.
        """
        is_held = self._saving > 0 and self._order.evidence and self._interruption is None
        self._interruption = interruption if is_held else None
        return is_held

    def closing_owned(self, owner: object) -> Calls:
        """End the collectors of the context that belongs to a page of `Browser.new_page`."""
        for recorded in [record for record in self._open.values() if record.owner is owner]:
            yield from self.closing(recorded.context)

    def leaving(self) -> Calls:
        """End what the test left open. Its event loop is gone by now, so only the sync API can still be asked."""
        for recorded in list(self._open.values()):
            if isinstance(recorded.context, sync_api.BrowserContext | sync_api.APIRequestContext):
                yield from self._end(recorded.context)
        self._closed_by_test += self._browsers
        for browser in self._browsers:
            with suppress(sync_api.Error):
                if isinstance(browser, sync_api.Browser) and browser.is_connected():
                    browser.close()

    def closing_all(self, browser: Any = None) -> Calls:
        """End the collectors of all contexts, or of one browser's; the test is about to close them."""
        if browser is None:
            self._closed_by_test += self._browsers
            self._closes_deliberately |= sys.exc_info()[0] is None
        for recorded in list(self._open.values()):
            if browser is None or getattr(recorded.context, "browser", None) is browser:
                yield from self._end(recorded.context)

    def tracing_starts(self, tracing: Any) -> Calls:
        """Step aside: the test traces this context itself."""
        recorded = self._of(tracing)
        if recorded is not None:
            yield from self._stop_tracing(recorded)

    def traces_alone(self, tracing: object) -> bool:
        """Whether only we trace that context: pytest-playwright stops what it never started, and would end ours."""
        recorded = self._of(tracing)
        return recorded is not None and recorded.tracing

    def tracing_stopped(self, tracing: Any, path: object) -> Calls:
        """Take over again after the test's own tracing, whose steps count too."""
        recorded = self._of(tracing)
        if recorded is not None:
            if path:
                recorded.traces.append(str(path))
            yield from self._start_tracing(recorded)

    # -- collectors

    def _end(self, context: Any) -> Calls:
        """End a context that nobody else will; films are ready only once it has closed."""
        filmed = self._open[id(context)].pages
        yield from self.closing(context)
        if filmed:
            yield context.close()

    def _start_tracing(self, recorded: _Recorded) -> Calls:
        full = self._order.evidence
        name = f"{recorded.name}-{len(recorded.traces)}"
        self._ours = True
        try:
            yield recorded.context.tracing.start(name=name, screenshots=full, snapshots=full, sources=full)
            recorded.tracing = True
        finally:
            self._ours = False

    def _stop_tracing(self, recorded: _Recorded) -> Calls:
        if not recorded.tracing:
            return
        recorded.tracing = False
        path = str(self._folder / f"{recorded.name}-{len(recorded.traces)}.zip")
        self._ours = True
        try:
            yield recorded.context.tracing.stop(path=path)
            recorded.traces.append(path)
        finally:
            self._ours = False

    def _harvest(self, page: Any, *, is_last: bool) -> Calls:
        """Ask a page for its vitals and, if the test is failing or a picture is wanted, take one; both bounded."""
        with suppress(sync_api.Error, async_api.Error):
            if self.failing or (self._order.picture and is_last and not self.screenshots):
                yield from self._take_picture(page)
            yield page.dispatch_event("html", FLUSH, timeout=FLUSH_MS)

    def _take_picture(self, page: Any) -> Calls:
        """Take a picture; where the test passes, the time that it takes is noted, since it is not the test's own."""
        begin = time.perf_counter()
        path = str(self._folder / f"page-{len(self.screenshots) + 1}.png")
        try:
            yield page.screenshot(path=path, timeout=SCREENSHOT_MS)
            self.screenshots.append(path)
        finally:
            self.picture_ms += 0.0 if self.failing else (time.perf_counter() - begin) * 1000

    def _of(self, tracing: object) -> _Recorded | None:
        if self._ours:
            return None
        return next((record for record in self._open.values() if record.context.tracing is tracing), None)


def _copy(video: Path, own: Path | None) -> None:
    """Put a video where the test expects it, too; to save it once more would fetch it from the browser again."""
    if own is not None:
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(video, own)


@functools.cache
def _vitals_script(main_thread: bool) -> str:
    script = resources.files("outrider.journeys").joinpath("vitals.js").read_text(encoding="utf-8")
    return f"{script.rstrip()}({_encode(main_thread)});"


def _propagation_script(order: AttemptOrder) -> str:
    """Return the script that names the attempt's trace in requests to allowed origins."""
    script = resources.files("outrider.journeys").joinpath("propagation.js").read_text(encoding="utf-8")
    trace = {"id": order.trace_id, "state": f"{VENDOR}={order.trace_state}", "origins": order.propagate_to}
    return f"{script.rstrip()}({_encode(trace)});"


def _is_ours_or_playwrights(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(("outrider.journeys.", "playwright."))
