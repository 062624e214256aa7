"""Exceptions of the user's code, wherever they end.

Locust fires `user_error` for what a task or `on_start` raises. What a listener, `on_stop` or a message handler raises
it only logs, which a log level above ERROR silences; what leaves a greenlet or a thread is only printed.
"""

from __future__ import annotations

import functools
import threading
import traceback
from typing import TYPE_CHECKING, Any

import gevent
from gevent import GreenletExit
from gevent.hub import Hub
from locust import TaskSet, events, runners
from locust.event import EventHook
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from outrider.load.child.user_activity import is_own, place, root
from outrider.load.wire import ASSERTION
from outrider.model import bounded

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from outrider.load.tally import Tally

_CONTROL = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""What a locustfile raises to tell Locust something."""

_ENDS = (GreenletExit, SystemExit)
_TRACE_LINES = 12
_TEXT_CHARACTERS = 2_000
_NO_COPY: tuple[list[Any], EventHook] = ([], EventHook())


class OwnErrors:
    """Counts exceptions of the user's code in this process, each where it ends.

    Args:
        tally: Where they are counted, without an endpoint.
        is_interrupted: Tells whether a signal ends this process, which raises KeyboardInterrupt in any code.
    """

    def __init__(self, tally: Tally, is_interrupted: Callable[[], bool]) -> None:
        self._tally = tally
        self._is_interrupted = is_interrupted

    def watch(self) -> None:
        """Follow listeners, tasks, greenlets and threads from now on."""
        events.user_error.add_listener(self._user_error)
        setattr(EventHook, "fire", self._noting_fire(EventHook.fire))  # noqa: B010 - mypy: a method
        setattr(TaskSet, "run", self._noting_run(TaskSet.run))  # noqa: B010 - mypy: a method
        register = runners.Runner.register_message
        setattr(runners.Runner, "register_message", self._noting_register(register))  # noqa: B010 - mypy: a method
        setattr(Hub, "handle_error", self._noting_end(Hub.handle_error))  # noqa: B010 - a hub of its own would be early
        threading.excepthook = functools.partial(self._left_thread, threading.excepthook)

    def count(self, error: BaseException, trace: TracebackType | None) -> None:
        """Count an exception under its type, its message and the line of the user's code that it comes from."""
        gevent.getcurrent().outrider_counted = error
        started = reversed(_frames_of_start(gevent.getcurrent()))
        frames = [*started, *(frame for frame, _ in traceback.walk_tb(trace))]
        own = next((place(frame) for frame in reversed(frames) if is_own(frame.f_code.co_filename)), "")
        message, _, rest = text_of(error).partition("\n")
        where = f" ({own})" if own else ""
        kind = ASSERTION if isinstance(error, AssertionError) else type(error).__name__
        head = f"{kind}: {message}" if message else kind
        lines = (
            f"{head}{where}",
            rest,
            *(line.replace(f"{root()}/", "") for line in traceback.format_tb(trace)[-_TRACE_LINES:]),
        )
        self._tally.failed("", "\n".join(filter(None, map(str.rstrip, lines))))

    def noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts what `function` raises, and raises it."""

        @functools.wraps(function)
        def noted(*args: Any, **options: Any) -> Any:
            try:
                return function(*args, **options)
            except _CONTROL:
                raise
            except Exception as error:
                self.count(error, _without_this_frame(error))
                raise

        return noted

    def _user_error(self, exception: Exception, tb: TracebackType | None, **_: object) -> None:
        self.count(exception, tb)

    def _noting_fire(self, original: Callable[..., None]) -> Callable[..., None]:
        copies: dict[EventHook, tuple[list[Any], EventHook]] = {}

        def fire(hook: EventHook, *, reverse: bool = False, **options: Any) -> None:
            handlers, noted = copies.get(hook, _NO_COPY)
            if handlers != hook._handlers:
                noted = EventHook()
                noted._handlers = [functools.partial(self._call, handler) for handler in hook._handlers]
                copies[hook] = (hook._handlers.copy(), noted)
            original(noted, reverse=reverse, **options)

        return fire

    def _call(self, handler: Callable[..., Any], **options: Any) -> None:
        try:
            handler(**options)
        except _CONTROL:
            raise
        except Exception as error:
            self.count(error, _without_this_frame(error))
            raise

    def _noting_run(self, original: Callable[[TaskSet], None]) -> Callable[[TaskSet], None]:
        def run(taskset: TaskSet) -> None:
            setattr(taskset, "on_stop", self.noting(taskset.on_stop))  # noqa: B010 - mypy: a method
            original(taskset)

        return run

    def _noting_register(self, original: Callable[..., None]) -> Callable[..., None]:
        def register_message(runner: Any, kind: str, listener: Callable[..., Any], concurrent: bool = False) -> None:
            original(runner, kind, self.noting(listener), concurrent)

        return register_message

    def _noting_end(self, original: Callable[..., None]) -> Callable[..., None]:
        def handle_error(hub: Any, context: Any, kind: Any, error: Any, trace: Any) -> None:
            self._left_greenlet(error, trace)
            original(hub, context, kind, error, trace)

        return handle_error

    def _left_greenlet(self, error: Any, trace: TracebackType | None) -> None:
        """Count what leaves a greenlet that runs or was started by the user's code, or tells Locust to stop."""
        is_interrupt = isinstance(error, KeyboardInterrupt) and self._is_interrupted()
        if not isinstance(error, BaseException) or isinstance(error, _ENDS) or is_interrupt:
            return
        greenlet = gevent.getcurrent()
        counted = getattr(greenlet, "outrider_counted", None) is error
        frames = [*_frames_of_start(greenlet), *(frame for frame, _ in traceback.walk_tb(trace))]
        if not counted and (isinstance(error, StopTest) or any(is_own(frame.f_code.co_filename) for frame in frames)):
            self.count(error, trace)

    def _left_thread(self, original: Callable[..., object], args: Any) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, _ENDS):
            self.count(args.exc_value, args.exc_traceback)
        original(args)


def _frames_of_start(greenlet: Any) -> list[Any]:
    """Return where a greenlet was started, as gevent keeps it, from the innermost frame on."""
    frames, frame = [], getattr(greenlet, "spawning_stack", None)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def text_of(error: BaseException) -> str:
    """Return the text of an exception, or that its class cannot make one."""
    try:
        return bounded(str(error), _TEXT_CHARACTERS)
    except Exception as why:
        return f"(its __str__ raises {type(why).__name__})"


def _without_this_frame(error: BaseException) -> TracebackType | None:
    return error.__traceback__.tb_next if error.__traceback__ else None
