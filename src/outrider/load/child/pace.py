"""When tasks should have begun: with arrivals at a rate of our own, and where a locustfile paces its users itself.

A target that stalls holds up the users who wait for it, so that they do not send what they should have sent, and what
is not sent has no response time: coordinated omission (Gil Tene). Times from the intended start do not omit it.
"""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any, cast

import gevent
from locust import TaskSet
from locust.user.task import DefaultTaskSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from outrider.load.tally import Tally


class Start:
    """When the current task of a user should have begun, and began; kept with its greenlet; monotonic seconds."""

    __slots__ = ("began_s", "due_s", "endpoint", "interval_s", "is_open")

    def __init__(self, due_s: float, interval_s: float = 0.0) -> None:
        self.due_s = due_s
        self.interval_s = interval_s
        self.began_s = time.perf_counter()
        self.endpoint = ""
        self.is_open = True


def current() -> Start | None:
    """Return the start of the task that is under way in this greenlet, if it has one."""
    return cast("Start | None", getattr(gevent.getcurrent(), "outrider_start", None))


def pending() -> Start | None:
    """Return the start of the task of this greenlet if none of its requests is over yet."""
    start = current()
    return start if start is not None and start.is_open else None


def intended_ages_ms(start: Start | None, age_ms: float) -> list[float]:
    """Return how long ago a request that is still open should have been sent, and those that its user holds up."""
    if start is None:
        return [age_ms]
    now_s = time.perf_counter()
    late_ms = max(age_ms, (now_s - start.due_s) * 1000)
    if not start.interval_s:
        return [late_ms]
    missed = int((now_s - start.began_s) / start.interval_s)
    skipped = [(now_s - start.began_s - number * start.interval_s) * 1000 for number in range(1, missed)]
    return [late_ms, *skipped]


def intended_ms(endpoint: str, took_ms: float) -> float:
    """Return how long a request took from its intended start: for the first of a task, that of the task."""
    start = current()
    if start is None or not start.is_open:
        return took_ms
    start.is_open, start.endpoint = False, endpoint
    return max(took_ms, (time.perf_counter() - start.due_s) * 1000)


class Arrivals:
    """Begins tasks at a rate, whichever user is free.

    Args:
        rate: Tasks a second.
        ramp_s: Time in which it grows from nothing.
    """

    def __init__(self, rate: float, ramp_s: float) -> None:
        self._rate = rate
        self._ramp_s = ramp_s
        self._count = 0
        self._began_s: float | None = None

    @property
    def late_s(self) -> float:
        """How long the next task has been due; zero if it is not due yet."""
        return 0.0 if self._began_s is None else max(0.0, time.perf_counter() - self._due_s())

    def wait(self) -> None:
        """Wait until the next task is due, and begin it."""
        if self._began_s is None:
            self._began_s = time.perf_counter()
        due_s = self._due_s()
        self._count += 1
        gevent.sleep(max(0.0, due_s - time.perf_counter()))
        _begin(due_s)

    def _due_s(self) -> float:
        """Return when task number `_count` is due: while the rate grows, tasks go with the square of time."""
        assert self._began_s is not None
        in_ramp = self._rate * self._ramp_s / 2
        if self._count < in_ramp:
            return self._began_s + float((2 * self._ramp_s * self._count / self._rate) ** 0.5)
        return self._began_s + self._ramp_s + (self._count - in_ramp) / self._rate


def arrive(arrivals: Arrivals) -> None:
    """Begin tasks of all users when `arrivals` are due, instead of after their own wait."""
    for taskset in (TaskSet, DefaultTaskSet):
        setattr(taskset, "execute_task", _in_turn(taskset.__dict__["execute_task"], arrivals))  # noqa: B010
    original = TaskSet.wait

    def wait(self: TaskSet) -> None:
        self.wait_time = lambda: 0  # type: ignore[method-assign]
        original(self)

    TaskSet.wait = wait  # type: ignore[method-assign]


def _in_turn(original: Callable[[Any, Any], None], arrivals: Arrivals) -> Callable[[Any, Any], None]:
    def execute_task(self: TaskSet, task: Any) -> None:
        if not (inspect.isclass(task) and issubclass(task, TaskSet)):
            arrivals.wait()
        original(self, task)

    return execute_task


def is_paced(user_classes: Iterable[Any]) -> bool:
    """Tell whether any user paces its tasks: `constant_pacing` or `constant_throughput`."""
    return any(_interval_s(user_class.wait_time) for user_class in user_classes)


def follow(tally: Tally) -> None:
    """Count what users who pace themselves should have sent.

    Locust drops what a user could not send in time, and paces anew from there. What was dropped is counted as skipped,
    with the time that it would have waited for its user; the next task takes the place of the last that was dropped.
    """
    original = TaskSet.wait

    def wait(self: TaskSet) -> None:
        own = type(self).wait_time
        interval_s = _interval_s(type(self.user).wait_time if own is TaskSet.wait_time else own)
        start, now_s = current(), time.perf_counter()
        original(self)
        if not interval_s:
            return
        if start is None:
            _begin(time.perf_counter(), interval_s)
            return
        missed = int((now_s - start.began_s) / interval_s)
        for number in range(1, missed):
            tally.skipped(time.time(), start.endpoint, (now_s - start.began_s - number * interval_s) * 1000)
        _begin(start.began_s + max(1, missed) * interval_s, interval_s)

    TaskSet.wait = wait  # type: ignore[method-assign]


def _begin(due_s: float, interval_s: float = 0.0) -> None:
    gevent.getcurrent().outrider_start = Start(due_s, interval_s)


def _interval_s(wait_time: Any) -> float | None:
    """Return the pace that Locust's `constant_pacing` keeps, read from what it closes over; None for anything else."""
    function = getattr(wait_time, "__func__", wait_time)
    if getattr(function, "__qualname__", "") != "constant_pacing.<locals>.wait_time_func":
        return None
    interval_s = inspect.getclosurevars(function).nonlocals.get("wait_time")
    return float(interval_s) if interval_s else None
