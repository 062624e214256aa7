"""Run Locust with our event listeners and control beside an unchanged locustfile.

Everything of Locust's is used through its events, but for three things that it has none for: when a task begins
(`pace`), which hosts are asked (`guard`), and how often workers report (a constant of its module `runners`). Names of
options are computed once.
"""

from __future__ import annotations

import atexit
import ctypes
import faulthandler
import functools
import os
import platform
import signal
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gevent
import psutil
from gevent.os import make_nonblocking, nb_read
from locust import LoadTestShape, argument_parser, events, runners
from locust.main import main as run_locust
from locust.rpc import Message

from outrider.load.child import guard, pace
from outrider.load.child.open_requests import OpenRequests
from outrider.load.child.own_errors import OwnErrors, text_of
from outrider.load.child.streamed_bodies import StreamedBodies
from outrider.load.child.traced_requests import TracedRequests
from outrider.load.child.unreported_responses import UnreportedResponses
from outrider.load.child.user_activity import activities
from outrider.load.hosts import is_allowed
from outrider.load.tally import Tally
from outrider.load.wire import (
    VARIABLE,
    Aim,
    Counted,
    Ended,
    LoadConfig,
    Pulse,
    Ready,
    Started,
    Stop,
    Stopping,
    read,
    write,
)
from outrider.model import TraceGrant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from locust.env import Environment

_LISTEN_S = 0.05
_SHUT_DOWN_S = 2.0
_REPORT_S = 5.0
_SILENT_S = 3.0
_TIMER_S = 0.5
"""By which a timer of the event loop may be early: its clock stands still while nothing waits."""

_STILL_S = 4.0
"""After which an event loop that stands still writes down where."""

_REPORT = "outrider"
_IS_LAST = "outrider_is_last"
_HAS_EXITED = "outrider_has_exited"
_PR_SET_PDEATHSIG = 1


class Aimed(LoadTestShape):
    """The number of users that the parent asked for last."""

    abstract = True  # not for Locust to find

    def __init__(self, users: int) -> None:
        super().__init__()
        self.users = users

    def tick(self) -> tuple[int, float]:
        """Return users and spawn rate; a change takes no longer than a second."""
        return self.users, float(max(1, abs(self.users - self.get_current_user_count()) * 2))


class Session:
    """Reports events of Locust to the parent process, and applies its control messages."""

    def __init__(self, config: LoadConfig, control: int, output: int) -> None:
        self._config = config
        self._control = control
        self._output = output
        self._tally = Tally("local")
        self._unreported_responses = UnreportedResponses(self._count)
        self._open = OpenRequests(self._tally, self._unreported_responses)
        self._bodies = StreamedBodies(self._tally, self._unreported_responses, self._open.is_open)
        self._shape = Aimed(config.users)
        self._pid = os.getpid()
        self._spawned = 0
        self._asked_s: float | None = None
        self._is_time_up = False
        self._finished: set[str] = set()
        self._reported_s: dict[str, float] = {}
        self._signal = 0
        self._unreported: set[str] = set()
        self._exited: set[str] = set()
        self._has_exited = False
        self._is_shape_over = True
        self._is_over = False
        self._is_patient = True
        self._has_asked = False
        self._arrivals = pace.Arrivals(config.rate, config.ramp_s) if config.rate else None

    def attend(self) -> None:
        """Listen to Locust's events; send what was counted even if the locustfile ends Locust without them."""
        atexit.register(self._send_rest)
        self._unreported_responses.watch()
        self._open.watch()
        self._bodies.watch()
        if self._config.trace_every:
            grant = TraceGrant(self._config.trace_claim, self._config.trace_key)
            TracedRequests(grant, self._config.trace_every, self._tally).watch()
        guard.watch(self._config.allowed_hosts, self._tally.refused)
        if self._arrivals is not None:
            pace.arrive(self._arrivals)
        OwnErrors(self._tally, lambda: bool(self._signal)).watch()
        events.init.add_listener(self._init)
        events.init_command_line_parser.add_listener(self._set_clock_at_last)
        events.request.add_listener(self._request)
        events.report_to_master.add_listener(self._report)
        events.worker_report.add_listener(self._reported)

    @staticmethod
    def _set_clock_at_last(**_: object) -> None:
        """Have timers begin when all listeners of `init` are done.

        The event loop's clock stands still while nothing waits: Locust's timer of `--run-time` began before imports.
        """
        if _set_clock in events.init._handlers:
            events.init.remove_listener(_set_clock)
        events.init.add_listener(_set_clock)

    def _init(self, environment: Environment, runner: Any, **_: object) -> None:
        self._runner, self._environment = runner, environment
        is_worker = isinstance(runner, runners.WorkerRunner)
        self._tally.generator = runner.client_id if is_worker else type(runner).__name__
        self._tally.paced = self._arrivals is not None or pace.is_paced(environment.user_classes)
        if self._arrivals is None and self._tally.paced:
            pace.follow(self._tally)
        gevent.spawn(self._beat)
        if is_worker:
            self._report_at_last()
            return
        self._note_signals()
        if isinstance(runner, runners.MasterRunner):
            setattr(runner, "quit", functools.partial(self._quit_after_reports, runner.quit))  # noqa: B010 - mypy: a method
        self._refuse_hosts()
        own_shape = environment.shape_class is not None
        if own_shape and not self._config.shaped:
            self._follow_shape(environment.shape_class)
        if self._config.shaped:
            environment.shape_class = self._shape
            self._shape.runner = runner
        self._send(self._ready(own_shape))
        events.test_start.add_listener(lambda **_: self._send(Started(time.time())))
        events.test_stopping.add_listener(self._stopping)
        self._note_start(runner)
        events.spawning_complete.add_listener(self._all_began)
        events.quit.add_listener(self._quit)
        gevent.spawn(self._listen)

    def _report_at_last(self) -> None:
        """Report once more when all listeners of `quitting` have run, before a worker takes its leave of the master."""
        handlers = events.quitting._handlers
        leave = [handler for handler in handlers if handler.__module__ == runners.__name__]
        others = [handler for handler in handlers if handler not in leave]
        events.quitting._handlers = [*leave, self._quitting, *others]  # fired in reverse order
        atexit.register(self._exit)

    def _quitting(self, **_: object) -> None:
        self._is_over = True
        self._runner._send_stats()

    def _exit(self) -> None:
        """Report from a worker that the locustfile ends, of which Locust fires no event."""
        if not self._is_over:
            self._has_exited = True
            self._quitting()
            gevent.sleep(_LISTEN_S)  # for it to be sent

    def _note_signals(self) -> None:
        """Note what ends Locust from outside, beside what Locust itself does then."""
        gevent.signal_handler(signal.SIGTERM, setattr, self, "_signal", signal.SIGTERM)
        inherited = signal.getsignal(signal.SIGINT)
        original = inherited if callable(inherited) else signal.default_int_handler  # shells' background jobs ignore it

        def interrupted(number: int, frame: Any) -> None:
            self._signal = number
            original(number, frame)

        signal.signal(signal.SIGINT, interrupted)

    def _note_start(self, runner: Any) -> None:
        """Note when Locust asks for the load: its run time begins then, before the listeners of `test_start` run."""
        original = runner.start

        def start(*args: Any, **options: Any) -> None:
            if self._asked_s is None:
                self._asked_s = time.monotonic()
            original(*args, **options)

        setattr(runner, "start", start)  # noqa: B010 - mypy: a method

    def _stopping(self, **_: object) -> None:
        options: Any = self._environment.parsed_options
        if self._asked_s is not None and options.run_time:
            self._is_time_up = time.monotonic() - self._asked_s >= options.run_time - _TIMER_S
        self._send(Stopping(time.time()))

    def _follow_shape(self, shape: Any) -> None:
        """Note whether the locustfile's own shape comes to its end."""
        original = shape.tick
        self._is_shape_over = False

        def tick() -> Any:
            wanted = original()
            self._is_shape_over = wanted is None
            return wanted

        shape.tick = tick

    def _ready(self, own_shape: bool) -> Ready:
        options: Any = self._environment.parsed_options
        return Ready(
            own_shape,
            self._hosts(),
            run_time_s=float(options.run_time) if options.run_time else None,
            stop_timeout_s=float(self._environment.stop_timeout or 0.0),
            failure_code=int(options.exit_code_on_error),
        )

    def _refuse_hosts(self) -> None:
        """End here if the locustfile itself names a host that it may not go to."""
        for host in self._hosts():
            name = urlsplit(host).hostname
            if name and not is_allowed(name, self._config.allowed_hosts):
                self._tally.refused(name)
                self._send(self._tally.take())
                sys.exit(1)

    def _hosts(self) -> tuple[str, ...]:
        """Return where users begin: the host of the command line, or else of their classes."""
        asked = self._environment.host
        hosts = [asked] if asked else [user_class.host for user_class in self._environment.user_classes]
        return tuple(dict.fromkeys(filter(None, hosts)))

    def _request(self, **reported: Any) -> None:
        self._open.answered()
        self._unreported_responses.reported()
        self._count(**reported)

    def _count(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: Any = None,
        response: object = None,
        **_: object,
    ) -> None:
        self._has_asked = True
        endpoint = f"{request_type} {name}".strip()
        took_ms = float(response_time or 0.0)
        intended_ms = pace.intended_ms(endpoint, took_ms) if self._tally.paced else took_ms
        answered = functools.partial(
            self._tally.answered, time.time(), endpoint, took_ms,
            failed=bool(exception), intended_ms=intended_ms, received_bytes=int(response_length or 0),
        )  # fmt: skip
        answered()
        if response is not None and not exception:
            self._bodies.reported(response, endpoint, answered)
        if exception:
            is_raised = isinstance(exception, BaseException)
            message = f"{type(exception).__name__}: {text_of(exception)}" if is_raised else str(exception)
            self._tally.failed(endpoint, message)

    def _report(self, data: dict[str, Any], **_: object) -> None:
        data[_REPORT] = write(self._counted())
        data[_IS_LAST] = self._is_over
        data[_HAS_EXITED] = self._has_exited

    def _reported(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        self._reported_s[client_id] = time.monotonic()
        if data.pop(_IS_LAST, False):
            self._finished.add(client_id)
        if data.pop(_HAS_EXITED, False):
            self._exited.add(client_id)
        if line := data.pop(_REPORT, None):
            self._write(line if isinstance(line, bytes) else str(line).encode())

    def _send_rest(self) -> None:
        if os.getpid() == self._pid:
            self._is_over = True
            self._send(self._counted())

    def _counted(self) -> Counted:
        """Return what was counted since the last report; in the last one, also what no block or answer ended."""
        self._open.report(is_last=self._is_over)
        self._bodies.report(is_last=self._is_over)
        if self._is_over:
            self._unreported_responses.report_all()
        return self._tally.take()

    def _all_began(self, user_count: int, **_: object) -> None:
        self._spawned = max(self._spawned, user_count)

    def _quit(self, exit_code: int = 0, **_: object) -> None:
        self._is_over = True
        faulthandler.cancel_dump_traceback_later()
        self._send(self._counted())
        asked_code = self._environment.process_exit_code
        unreported, exited = tuple(sorted(self._unreported)), tuple(sorted(self._exited))
        is_over = (self._is_shape_over, self._is_time_up)
        self._send(Ended(asked_code, exit_code, unreported, self._signal, *is_over, exited))

    def _beat(self) -> None:
        """Report each second how busy this process is, and how late its event loop."""
        process = psutil.Process()
        process.cpu_percent()
        while True:
            faulthandler.dump_traceback_later(_STILL_S)  # unless this loop comes around again
            lag_s = max(_lags(1 - time.time() % 1))
            self._note_activities()
            late_s = self._arrivals.late_s if self._arrivals else 0.0
            self._tally.beat(time.time() - 0.5, process.cpu_percent() / 100, lag_s * 1000, late_s)
            if not isinstance(self._runner, runners.WorkerRunner):
                self._send(self._counted())
                self._send(self._pulse())

    def _note_activities(self) -> None:
        if self._has_asked:
            self._tally.activities = {}
        elif len(self._runner.user_greenlets):
            self._tally.activities = activities(self._runner.user_greenlets)

    def _pulse(self) -> Pulse:
        runner = self._runner
        workers = runner.worker_count if isinstance(runner, runners.MasterRunner) else 1
        return Pulse(time.time(), runner.user_count, self._spawned, workers, runner.target_user_count)

    def _listen(self) -> None:
        """Apply control messages of the parent, and end when the parent is gone."""
        make_nonblocking(self._control)
        rest = b""
        while chunk := nb_read(self._control, 65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                match read(line):
                    case Aim(users):
                        self._shape.users = users
                    case Stop(at_once):
                        gevent.spawn(self._end, at_once=at_once)
        gevent.spawn(self._runner.quit)
        gevent.sleep(_SHUT_DOWN_S)
        os._exit(1)

    def _end(self, *, at_once: bool) -> None:
        self._is_patient = not at_once
        self._runner.quit()

    def _quit_after_reports(self, original: Callable[[], None]) -> None:
        """End the workers, wait for their last reports, and end the master.

        A master of Locust's gives its workers half a second for that, however long their users take to stop and however
        busy the machine is. Workers that have been silent for a while are not waited for.
        """
        now_s = time.monotonic()
        waited_for = {worker for worker, at_s in self._reported_s.items() if now_s - at_s < _SILENT_S} - self._finished
        if self._is_patient and waited_for:
            self._is_patient = False
            for worker in waited_for:
                self._runner.server.send_to_client(Message("quit", None, worker))
            with gevent.Timeout(_REPORT_S + float(self._environment.stop_timeout or 0.0), False):
                while not self._finished.issuperset(waited_for):
                    gevent.sleep(_LISTEN_S)
            self._unreported = waited_for - self._finished
        original()

    def _send(self, message: object) -> None:
        self._write(write(message))

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._output, line) :]


def _set_clock(**_: object) -> None:
    gevent.get_hub().loop.update_now()


def _lags(length_s: float) -> Iterator[float]:
    """Yield by how much each of many short sleeps was late, for about so long."""
    end_s = time.perf_counter() + length_s
    while (before_s := time.perf_counter()) < end_s:
        wanted_s = min(_LISTEN_S, end_s - before_s)
        gevent.sleep(wanted_s)
        yield time.perf_counter() - before_s - wanted_s
    yield 0.0


def main(arguments: list[str]) -> None:
    """Run Locust with its own arguments."""
    control, output, config = os.environ.pop(VARIABLE).split(" ", 2)
    if platform.system() == "Linux":  # also what is forked ends with whoever forked it
        _end_with_parent()
        os.register_at_fork(after_in_child=_end_with_parent)
    runners.WORKER_REPORT_INTERVAL = 1.0
    # A worker asks for the names once an option in each change of users: 0.1 s of the processor in its event loop
    argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)
    Session(read(config), int(control), int(output)).attend()
    sys.argv = ["locust", *arguments]
    run_locust()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
