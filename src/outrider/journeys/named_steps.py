"""The `step` fixture: named, timed parts of a journey."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step that a journey named itself.

    Attributes:
        start_ms: Wall clock, milliseconds since the epoch: places it among the trace's records.
        duration_ms: On a monotonic clock; None while it runs.
        parent: Name of the step around it.
    """

    name: str
    start_ms: float
    duration_ms: float | None = None
    parent: str | None = None
    error: str | None = None


class StepLog:
    """Records the steps of one test; the `step` fixture is one of these, called."""

    def __init__(self, listener: Callable[[NamedStep], None] | None = None) -> None:
        self.steps: list[NamedStep] = []
        self._open: list[str] = []
        self._listener = listener

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time what is done inside: `with step("pay"):`, in sync and async tests alike.

        A name used twice in one test gets an ordinal (`pay`, `pay (2)`): a step is one series.
        """
        unique = self._unique(name)
        parent = self._open[-1] if self._open else None
        self._open.append(unique)
        start_ms, begin = time.time() * 1000, time.perf_counter()
        self._notify(NamedStep(unique, start_ms, parent=parent))
        error: str | None = None
        try:
            yield
        except BaseException as raised:
            error = _first_line(raised)
            raise
        finally:
            duration_ms = (time.perf_counter() - begin) * 1000
            self._open.pop()
            done = NamedStep(unique, start_ms, duration_ms, parent, error)
            self.steps.append(done)
            self._notify(done)

    def _unique(self, name: str) -> str:
        taken = {step.name for step in self.steps} | set(self._open)
        name = name or "step"  # an empty key means the whole run
        ordinal = 1
        unique = name
        while unique in taken:
            ordinal += 1
            unique = f"{name} ({ordinal})"
        return unique

    def _notify(self, step: NamedStep) -> None:
        if self._listener is not None:
            self._listener(step)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return bounded(text.splitlines()[0], _MOST_CHARACTERS) if text else type(error).__name__
