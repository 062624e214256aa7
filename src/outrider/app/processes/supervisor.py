"""Keeps the processes of the service running: one that dies comes back, and the others go on meanwhile."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog

from outrider.app.processes.child_process import ChildOrder
from outrider.model import ProcessView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.app.processes.child_table import ChildSpec, ServiceOptions

log = structlog.get_logger("outrider.service")

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_STEADY_S = 60.0
"""A process that ran for so long is started again after the shortest delay."""

_LAST_WORDS_S = 5.0
_ERROR = 70


@dataclass(slots=True)
class _Child:
    """A process and what is known of it; belongs to the thread of `Supervisor.run`."""

    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None
    kept: Mapping[str, int] = field(default_factory=dict)
    was_ready: bool = False
    is_ready: bool = False
    began_s: float = 0.0
    start_at_s: float | None = None
    kill_at_s: float | None = None
    since_us: int = 0
    starts: int = 0
    failures: int = 0
    problem: str = ""

    @property
    def view(self) -> ProcessView:
        pid = self.process.pid if self.process is not None else None
        return ProcessView(self.spec.name, pid, self.since_us, max(0, self.starts - 1), self.problem)


class Supervisor:
    """Starts processes, starts again what dies, passes signals on, and ends all of them.

    `run` is called by one thread, which starts every process: on Linux, a process ends with the thread that started it.
    `stop` and `reload` may be called from any thread and from signal handlers.

    A process that ends by itself with an exit code before it was ready for the first time refuses to work, as when the
    workspace is wrong: it has said why, so the service ends with its code. Whatever else ends is started again, after
    half a second at first, and after up to half a minute if it ends again and again.

    Args:
        specs: The processes, in the order in which they are stopped.
        command: Runs a process of ours when an order (`ChildOrder.as_argument`) is added.
        options: Of the service.
        changed: Is called with all processes whenever something changed; by the thread of `run`.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        command: Sequence[str],
        options: ServiceOptions,
        changed: Callable[[tuple[ProcessView, ...]], None] = lambda _: None,
    ) -> None:
        self._children = [_Child(spec) for spec in specs if spec.is_wanted(options)]
        self._command = command
        self._options = options
        self._changed = changed
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._links: dict[tuple[str, str], tuple[socket.socket, socket.socket]] = {}
        self._is_stopping = False
        self._code = 0
        self._views = tuple(child.view for child in self._children)  # replaced as a whole

    def run(self) -> int:
        """Keep the processes running until `stop` is called and all have ended; return the exit code."""
        with ExitStack() as stack:
            self._make_links(stack)
            try:
                while self._work_is_left():
                    self._start_due()
                    self._stop_next()
                    self._handle_event()
            finally:
                self._kill_all()
        return self._code

    def stop(self) -> None:
        """End all processes soon, in their order."""
        self._events.put(self._begin_to_stop)

    def reload(self) -> None:
        """Have all processes look at the workspace."""
        self._events.put(self._pass_reload_on)

    @property
    def processes(self) -> tuple[ProcessView, ...]:
        """The processes as they are now; may be asked for by any thread."""
        return self._views

    def _make_links(self, stack: ExitStack) -> None:
        for child in self._children:
            for asked in child.spec.asks:
                pair = socket.socketpair()
                for endpoint in pair:
                    stack.callback(endpoint.close)
                self._links[child.spec.name, asked] = pair

    def _work_is_left(self) -> bool:
        return not self._is_stopping or any(child.process is not None for child in self._children)

    def _handle_event(self) -> None:
        """Wait for what happens next, at most until something is to be started or killed."""
        times_s = [at_s for child in self._children for at_s in (child.start_at_s, child.kill_at_s) if at_s is not None]
        wait_s = max(0.0, min(times_s) - time.monotonic()) if times_s else None
        with suppress(queue.Empty):
            self._events.get(timeout=wait_s)()

    def _start_due(self) -> None:
        if self._is_stopping:
            return
        ready = {child.spec.name for child in self._children if child.was_ready}
        for child in self._children:
            if child.process is None and self._is_due(child, ready):
                self._start(child)

    def _is_due(self, child: _Child, ready: set[str]) -> bool:
        if child.start_at_s is not None:
            return time.monotonic() >= child.start_at_s
        return ready.issuperset(child.spec.asks)

    def _start(self, child: _Child) -> None:
        ours, theirs = socket.socketpair()
        order = ChildOrder(
            module=child.spec.module,
            parent=os.getpid(),
            control=theirs.fileno(),
            options=self._options,
            asks={asked: pair[0].fileno() for (name, asked), pair in self._links.items() if name == child.spec.name},
            answers={name: pair[1].fileno() for (name, asked), pair in self._links.items() if asked == child.spec.name},
            kept=child.kept,
            nice=child.spec.nice,
        )
        descriptors = [order.control, *order.asks.values(), *order.answers.values()]
        child.start_at_s = None
        try:
            # A group of its own: Ctrl-C is for this process, which ends the others in their order.
            process = subprocess.Popen(
                [*self._command, order.as_argument()], stdin=subprocess.DEVNULL, pass_fds=descriptors, process_group=0
            )
        except OSError as error:  # no memory, no process left: later there may be
            ours.close()
            self._note_end(child, f"cannot be started: {error.strerror}")
            return
        finally:
            theirs.close()
        child.process, child.control = process, ours
        child.starts += 1
        child.began_s, child.since_us = time.monotonic(), time.time_ns() // 1000
        threading.Thread(target=self._follow, args=[child, process, ours], name="follow process", daemon=True).start()
        log.info("process.started", process=child.spec.name, pid=process.pid)
        self._publish()

    def _follow(self, child: _Child, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        """Hand on what a process says and that it has ended; in a thread of its own."""
        listening = threading.Thread(
            target=self._listen, args=[child, process, control], name="hear process", daemon=True
        )
        listening.start()
        process.wait()
        listening.join(_LAST_WORDS_S)  # that it was ready counts before that it has ended
        self._events.put(partial(self._ended, child, process))

    def _listen(self, child: _Child, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        with suppress(OSError, ValueError), control.makefile("rb") as lines:
            for line in lines:
                self._events.put(partial(self._ready, child, process, json.loads(line)["ready"]))

    def _ready(self, child: _Child, process: subprocess.Popen[bytes], kept: Mapping[str, int]) -> None:
        if child.process is process:
            child.was_ready = child.is_ready = True
            child.kept = kept
            self._publish()

    def _ended(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        child.process, child.is_ready, child.kill_at_s = None, False, None
        if child.control is not None:
            child.control.close()
            child.control = None
        code = process.returncode
        if self._is_stopping:
            log.info("process.stopped", process=child.spec.name)
            self._code = self._code or _code_at_the_end(code)
            self._publish()
        elif code > 0 and not child.was_ready:
            self._code = code
            self._begin_to_stop()
            self._publish()
        else:
            self._note_end(child, _how_it_ended(code))

    def _note_end(self, child: _Child, problem: str) -> None:
        """Note that a process does not run, and when it is to be started again."""
        child.problem = problem
        child.since_us = time.time_ns() // 1000
        child.failures = 1 if time.monotonic() - child.began_s >= _STEADY_S else child.failures + 1
        delay_s = min(_FIRST_DELAY_S * 2 ** (child.failures - 1), _LONGEST_DELAY_S)
        child.start_at_s = time.monotonic() + delay_s
        log.error("process.ended", process=child.spec.name, how=problem, again_in_s=delay_s)
        self._publish()

    def _begin_to_stop(self) -> None:
        self._is_stopping = True
        for child in self._children:
            child.start_at_s = None

    def _stop_next(self) -> None:
        """Have the first process end that still runs; kill it when its time is over."""
        running = next((child for child in self._children if child.process is not None), None)
        if not self._is_stopping or running is None or running.process is None:
            return
        if running.kill_at_s is None:
            running.kill_at_s = time.monotonic() + running.spec.stop_s
            running.process.send_signal(signal.SIGTERM)
        elif time.monotonic() >= running.kill_at_s:
            log.error("process.killed", process=running.spec.name, after_s=running.spec.stop_s)
            running.process.kill()
            running.kill_at_s = time.monotonic() + running.spec.stop_s
            self._code = self._code or _ERROR

    def _pass_reload_on(self) -> None:
        for child in self._children:
            if child.process is not None and child.is_ready:
                child.process.send_signal(signal.SIGHUP)

    def _publish(self) -> None:
        self._views = views = tuple(child.view for child in self._children)
        line = json.dumps({"processes": [_as_values(view) for view in views]}).encode() + b"\n"
        for child in self._children:
            if child.control is not None:
                with suppress(OSError):  # it has ended, or does not read: what is said later replaces this
                    child.control.send(line, socket.MSG_DONTWAIT)
        self._changed(views)

    def _kill_all(self) -> None:
        """Leave no process behind, whatever went wrong here."""
        for child in self._children:
            if child.process is not None:
                child.process.kill()
                child.process.wait()


def _as_values(view: ProcessView) -> dict[str, object]:
    return {name: getattr(view, name) for name in ("name", "pid", "since_us", "restarts", "problem")}


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _code_at_the_end(code: int) -> int:
    """Return the exit code of the service after a process ended that was to end."""
    if code in {-signal.SIGTERM, -signal.SIGKILL}:  # it was told before it could listen; whoever killed it knows
        return 0
    return code if code >= 0 else _ERROR
