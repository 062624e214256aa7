"""What executes runs that are due; the port between the run queue and whatever measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outrider.model import Check, QueueEntry
from outrider.runs import launched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import RunId
    from outrider.runs import Launch

Work = tuple[QueueEntry, Check]
"""A run that is due, and its check."""


class Executor(Protocol):
    """Executes runs of some kinds of check; the scheduler's thread calls it, and no method makes it wait but `close`.

    Every run that is begun is recorded, however it ends, or is returned by `close`.
    """

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        ...

    def begin(self, work: Sequence[Work]) -> None:
        """Begin runs."""
        ...

    def kill(self, run: RunId) -> None:
        """End a run soon, if that can be done."""
        ...

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for what is under way, at most so long, and return what is not finished then; called once, last."""
        ...


def launch_of(work: Work) -> Launch:
    """Return a queued run as one that begins now."""
    entry, check = work
    return launched(check, location=entry.location, due_us=entry.due_us, run=entry.run)
