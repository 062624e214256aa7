"""Evaluates checks on texts of targets under limits of time and memory that can end it.

Whatever a target sends, a pattern, JSONPath or JSON Schema over it may take for ever (`^(a+)+$`, `$..*..*..*`). What is
bounded by the size of a small text is evaluated at once; everything else in a child process that the kernel ends.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from outrider.probes.probe_result import Blame, Failure
from outrider.probes.text_evaluation import Event, evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.text_checks import TextChecks

_SMALL_BYTES: Final = 65_536
_QUICK_S: Final = 0.01
_SHORTEST_S: Final = 1.5
_START_S: Final = 15.0
_CHILDREN: Final = 2
_PROGRAM: Final = (sys.executable, "-m", "outrider.probes.evaluation_child")


@dataclass(frozen=True, slots=True)
class EvaluationLimits:
    """What all checks on one answer may use together: processor time, and memory of the process."""

    cpu_s: float = 1.0
    memory_bytes: int = 1 << 30


USUAL_LIMITS: Final = EvaluationLimits()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of the checks on one text.

    Attributes:
        wrong: A reason for each check that is not met.
        values: What was extracted, by name.
        missing: Names of what was not there to be extracted.
        failure: What stopped the evaluation, if anything did.
    """

    wrong: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Everything that is wrong."""
        reasons = tuple(Failure(Blame.TARGET, reason) for reason in self.wrong)
        return reasons if self.failure is None else (*reasons, self.failure)


class Evaluator:
    """Evaluates checks; any number at a time, a few of them in child processes. Closed once, at the end.

    Args:
        limits: Of one evaluation.
        program: What is started as a child process, before its three arguments.
    """

    def __init__(self, limits: EvaluationLimits = USUAL_LIMITS, program: tuple[str, ...] = _PROGRAM) -> None:
        self._limits = limits
        self._program = program
        self._threads = ThreadPoolExecutor(_CHILDREN, thread_name_prefix="probes-evaluation")
        self._lock = threading.Lock()  # guards `_children` and `_closed`
        self._children: set[_Child] = set()
        self._closed = False
        self._own = threading.local()
        self._slow: set[int] = set()

    async def evaluate(self, checks: TextChecks, data: bytes, charset: str = "utf-8", *, limit_s: float) -> Evaluation:
        """Evaluate checks on a text, given as bytes; `limit_s` bounds the wait for a child process."""
        if len(data) <= _SMALL_BYTES and checks.is_linear and id(checks) not in self._slow:
            try:
                return _collected(list(evaluate(checks, data.decode(charset, "replace"), _QUICK_S)))
            except TimeoutError:
                self._slow.add(id(checks))
        until_s = time.monotonic() + max(limit_s, _SHORTEST_S)
        message = pickle.dumps((checks, charset, data))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(self._in_child, message, until_s))

    def close(self) -> None:
        """End the child processes, and with them what they evaluate."""
        with self._lock:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.close()

    def _in_child(self, message: bytes, until_s: float) -> Evaluation:
        if time.monotonic() >= until_s:
            return Evaluation(failure=Failure(Blame.PROBER, "no process was free to evaluate the answer"))
        child = self._child()
        if child is None or not child.is_ready(until_s):
            reason = "the process that evaluates answers does not start"
            if child is not None and not child.has_ended:
                reason = (
                    "the process that evaluates answers did not start in time: this host had too little processor time"
                )
            if child is not None and child.is_over:
                self._end(child)
            return Evaluation(failure=Failure(Blame.PROBER, reason))
        evaluation = child.evaluate(message, until_s)
        if child.is_over:
            self._end(child)
        return evaluation

    def _end(self, child: _Child) -> None:
        """End the child process of this thread."""
        with self._lock:
            self._children.discard(child)
        child.end()
        child.close()
        self._own.child = None

    def _child(self) -> _Child | None:
        """Return the child process of this thread, started if there is none."""
        child: _Child | None = getattr(self._own, "child", None)
        if child is None:
            with self._lock:
                if self._closed:
                    return None
                child = _Child(self._limits, self._program)
                self._children.add(child)
            self._own.child = child
        return child


class _Child:
    """A process that evaluates one text after another, until one reaches a limit; used by one thread."""

    def __init__(self, limits: EvaluationLimits, program: tuple[str, ...]) -> None:
        self._limits = limits
        self._starts_until_s: float | None = time.monotonic() + _START_S
        ours, theirs = socket.socketpair()
        command = [*program, *(str(number) for number in (theirs.fileno(), limits.cpu_s, limits.memory_bytes))]
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.connection = Connection(ours.detach())
        self.is_over = self.has_ended = False

    def is_ready(self, until_s: float) -> bool:
        """Wait until it can evaluate, but not longer than an answer waits; one that is late may serve the next."""
        if self._starts_until_s is None:
            return True
        now_s = time.monotonic()
        try:
            if self.connection.poll(max(0.0, min(until_s, self._starts_until_s) - now_s)):
                self.connection.recv_bytes()
                self._starts_until_s = None
                return True
        except (OSError, EOFError):
            self.has_ended, self._starts_until_s = True, 0.0
        self.is_over = time.monotonic() >= self._starts_until_s
        return False

    def evaluate(self, message: bytes, until_s: float) -> Evaluation:
        events: list[Event] = []
        try:
            self.connection.send_bytes(message)
            while True:
                if not self.connection.poll(max(0.0, until_s - time.monotonic())):
                    self.is_over = True
                    reason = f"this host had too little processor time to evaluate {_current(events)}"
                    return _collected(events, Failure(Blame.PROBER, reason))
                event = Event(*json.loads(self.connection.recv_bytes()))
                if event.kind == "end":
                    return _collected(events)
                events.append(event)
        except (OSError, EOFError):
            self.is_over = True
        return _collected(events, self._why_over(_current(events), events))

    def _why_over(self, expectation: str, events: list[Event]) -> Failure:
        if events and events[-1].kind == "memory":
            return Failure(Blame.TARGET, f"{expectation} needs too much memory on this answer, and was stopped")
        code = self._process.wait()
        if code == -signal.SIGPROF:
            limit = f"more than {self._limits.cpu_s:g} s of processor time on this answer"
            return Failure(Blame.TARGET, f"{expectation} takes {limit}, and was stopped")
        if code == -signal.SIGKILL:
            return Failure(Blame.PROBER, f"the process that evaluated {expectation} was killed")
        return Failure(Blame.TARGET, f"{expectation} ended the process that evaluates it (exit {code})")

    def end(self) -> None:
        """End the process; from any thread. Whoever waits for it reads the end of the connection."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the connection; only where no thread uses it, since its number may soon be another's."""
        self.connection.close()


def _current(events: list[Event]) -> str:
    """Return the name of the expectation that is being evaluated."""
    begun = [event.text for event in events if event.kind == "at"]
    name = begun[-1] if begun else "the answer"
    return name if name.startswith(("extract.", "the ")) else f"expect.{name}"


def _collected(events: list[Event], failure: Failure | None = None) -> Evaluation:
    return Evaluation(
        wrong=tuple(event.text for event in events if event.kind == "wrong"),
        values={event.text: event.value for event in events if event.kind == "value"},
        missing=tuple(event.text for event in events if event.kind == "missing"),
        failure=failure,
    )
