"""Wraps Playwright's public classes, sync and async, and calls a recorder for every browser, context and request."""

from __future__ import annotations

import functools
import inspect
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright import async_api, sync_api

from outrider.journeys.automatic_steps import written_address

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from outrider.journeys.recorder import Recorder

    Calls = Generator[Any, None, None]


@dataclass(frozen=True, slots=True)
class _Hook:
    """What to do around one public method; `after` is given the object, the call's arguments and its result.

    Attributes:
        saves: Whether what the test leaves is saved meanwhile, so that its time-out waits for that.
        waits: Returns what the call waits for, by the names of its arguments.
    """

    owner: str
    method: str
    before: Callable[[Recorder, Any], Calls] | None = None
    after: Callable[[Recorder, Any, dict[str, Any], Any], Calls | None] | None = None
    options: Callable[[Recorder, dict[str, Any]], dict[str, Any]] | None = None
    instead: Callable[[Recorder, Any], Callable[[Any], Any] | None] | None = None
    saves: bool = False
    waits: Callable[[dict[str, Any]], str] | None = None


def _do_nothing(_called: object) -> None:
    """Stand in the place of a call that is left out."""


def _context_options(recorder: Recorder, options: dict[str, Any]) -> dict[str, Any]:
    return recorder.new_context_options(options)


def _address_wait(arguments: dict[str, Any]) -> str:
    return f"wait for navigation{written_address(arguments.get('url'))}"


def _state_wait(arguments: dict[str, Any]) -> str:
    return f"wait for load state {arguments.get('state') or ''}".rstrip()


_HOOKS = (
    _Hook(
        "BrowserType",
        "launch",
        after=lambda rec, _obj, _kw, made: rec.opened_browser(made),
        options=lambda rec, options: rec.launch_options(options),
    ),
    _Hook("BrowserType", "connect", after=lambda rec, _obj, _kw, made: rec.connected(made)),
    _Hook("BrowserType", "connect_over_cdp", after=lambda rec, _obj, _kw, _made: rec.connected_over_cdp()),
    _Hook(
        "BrowserType",
        "launch_persistent_context",
        after=lambda rec, _obj, options, made: rec.opened(made, options),
        options=_context_options,
    ),
    _Hook(
        "Browser",
        "new_context",
        after=lambda rec, _obj, options, made: rec.opened(made, options),
        options=_context_options,
    ),
    _Hook(
        "Browser",
        "new_page",
        after=lambda rec, _obj, options, made: rec.opened(made.context, options, made),
        options=_context_options,
    ),
    _Hook(
        "Browser",
        "close",
        before=lambda rec, browser: rec.closing_by_test(browser, rec.closing_all(browser)),
        saves=True,
    ),
    _Hook(
        "BrowserContext",
        "close",
        before=lambda rec, context: rec.closing_by_test(context, rec.closing(context)),
        after=lambda rec, context, _kw, _none: rec.closed(context),
        saves=True,
    ),
    _Hook(
        "Page",
        "close",
        before=lambda rec, page: rec.closing_by_test(page, rec.closing_owned(page)),
        after=lambda rec, page, _kw, _none: rec.closed(page),
        saves=True,
    ),
    _Hook("Tracing", "start", before=lambda rec, tracing: rec.tracing_starts(tracing)),
    _Hook(
        "Tracing",
        "stop",
        after=lambda rec, tracing, kw, _none: rec.tracing_stopped(tracing, kw.get("path")),
        instead=lambda rec, tracing: _do_nothing if rec.traces_alone(tracing) else None,
    ),
    *(
        _Hook(owner, method, waits=waits)
        for owner in ("Page", "Frame")
        for method, waits in (
            ("wait_for_url", _address_wait),
            ("expect_navigation", _address_wait),
            ("wait_for_load_state", _state_wait),
        )
    ),
    *(
        _Hook("APIRequestContext", method, before=lambda rec, request: rec.requesting(request))
        for method in ("delete", "fetch", "get", "head", "patch", "post", "put")
    ),
    _Hook("Route", "continue_", instead=lambda rec, route: rec.answering(route)),
    _Hook("Route", "fetch", instead=lambda rec, route: rec.fetching(route)),
    _Hook("APIRequestContext", "dispose", before=lambda rec, req: rec.closing_by_test(req, rec.closing(req))),
)


def install(current: Callable[[], Recorder | None]) -> None:
    """Wrap the public classes of both APIs for the rest of this process.

    Args:
        current: Gives the recorder of the attempt under way; None between attempts, when nothing is done.
    """
    for api in (sync_api, async_api):
        classes = sys.modules[api.Browser.__module__]  # Tracing is public but not re-exported
        for hook in _HOOKS:
            _wrap(getattr(classes, hook.owner), hook, _WRAPPERS[api], current)
    _wrap_exits(current)


def drive(calls: Calls | None) -> None:
    """Carry out a recorder's calls in the sync API, where each call has happened when it is yielded."""
    for _ in calls or ():
        pass


async def drive_async(calls: Calls | None) -> None:
    """Carry out a recorder's calls in the async API, where each is awaited and its error thrown back in."""
    if calls is None:
        return
    try:
        pending = calls.send(None)
        while True:
            try:
                await pending
            except Exception as error:
                pending = calls.throw(error)
            else:
                pending = calls.send(None)
    except StopIteration:
        return


def _wrap(owner: type, hook: _Hook, wrapper: Callable[..., Any], current: Callable[[], Recorder | None]) -> None:
    original = getattr(owner, hook.method)
    if hook.waits:
        wrapper = _wait_wrapper  # the same for both APIs: what it adds is done before anything is awaited
    setattr(owner, hook.method, functools.wraps(original)(wrapper(original, hook, current)))


def _wait_wrapper(original: Any, hook: _Hook, current: Callable[[], Recorder | None]) -> Any:
    names = list(inspect.signature(original).parameters)

    def call(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        recorder = current()
        if recorder is not None and hook.waits:
            recorder.waiting(hook.waits({**dict(zip(names, args, strict=False)), **options}))
        return original(*args, **options)

    return call


def _sync_wrapper(original: Any, hook: _Hook, current: Callable[[], Recorder | None]) -> Any:
    def call(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        recorder = current()
        if recorder is None:
            return original(self, *args, **options)
        if hook.instead and (handler := hook.instead(recorder, self)):
            return handler(self)
        if hook.options:
            options = hook.options(recorder, options)
        with recorder.saving() if hook.saves else nullcontext():
            if hook.before:
                drive(hook.before(recorder, self))
            made = original(self, *args, **options)
            if hook.after:
                drive(hook.after(recorder, self, options, made))
        return made

    return call


def _async_wrapper(original: Any, hook: _Hook, current: Callable[[], Recorder | None]) -> Any:
    async def call(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        recorder = current()
        if recorder is None:
            return await original(self, *args, **options)
        if hook.instead and (handler := hook.instead(recorder, self)):
            answer = handler(self)
            return await answer if inspect.isawaitable(answer) else answer
        if hook.options:
            options = hook.options(recorder, options)
        with recorder.saving() if hook.saves else nullcontext():
            if hook.before:
                await drive_async(hook.before(recorder, self))
            made = await original(self, *args, **options)
            if hook.after:
                await drive_async(hook.after(recorder, self, options, made))
        return made

    return call


_WRAPPERS = {sync_api: _sync_wrapper, async_api: _async_wrapper}


def _wrap_exits(current: Callable[[], Recorder | None]) -> None:
    """End our collectors before a hand-made `with sync_playwright()` takes the driver away."""
    sync_manager, async_manager = type(sync_api.sync_playwright()), type(async_api.async_playwright())
    sync_exit, async_exit = sync_manager.__exit__, async_manager.__aexit__

    def leave(self: Any, *args: Any) -> None:
        recorder = current()
        drive(recorder.closing_all() if recorder else None)
        sync_exit(self, *args)

    async def leave_async(self: Any, *args: Any) -> None:
        recorder = current()
        await drive_async(recorder.closing_all() if recorder else None)
        await async_exit(self, *args)

    sync_manager.__exit__ = leave  # type: ignore[method-assign]
    async_manager.__aexit__ = leave_async  # type: ignore[method-assign]
