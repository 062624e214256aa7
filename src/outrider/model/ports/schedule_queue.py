"""Port: what a scheduler keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model.identity import RunId
    from outrider.model.queue_entry import Coverage, Leadership, Pause, QueueEntry
    from outrider.model.run import Run
    from outrider.model.subject import CheckId


class ScheduleQueue(Protocol):
    """Due runs that are not stored yet, the leader, and pauses.

    A run's id is made when it is queued, and it leaves the queue in the transaction that stores it: after a crash in
    between it runs again under the same id. Everything that a leader writes is fenced: in the same transaction it is
    checked that it still leads, and nothing is written if another process has replaced it.
    """

    def leadership(self) -> Leadership | None:
        """Return who leads, or led last without resigning."""
        ...

    def lead(self, holder: str, at_us: int, replaced: Leadership | None) -> bool:
        """Become the leader in place of the one that was seen; return false if another process was faster.

        All leases end: what the previous leader had under way is due again, under the same ids.
        """
        ...

    def beat(self, holder: str, at_us: int) -> bool:
        """Record that the leader lives; return false if it leads no more."""
        ...

    def resign(self, holder: str) -> None:
        """Let the next process lead at once; leased runs that did not finish are due again."""
        ...

    def advance(
        self,
        holder: str,
        entries: Sequence[QueueEntry] = (),
        leases: Mapping[RunId, int] | None = None,
        *,
        planned_until_us: int | None = None,
        era: int | None = None,
        unmade: Sequence[Run] = (),
    ) -> bool:
        """Queue due runs, each once, and lease those that the leader begins; return false if it leads no more.

        Args:
            holder: The leader.
            entries: Runs to queue; those that are queued or stored already are left as they are.
            leases: Until when each run that begins is the leader's, in microseconds UTC.
            planned_until_us: Everything due until then is in the queue.
            era: How often the clock was set back.
            unmade: Records of runs that were due and are not executed; stored with the rest or not at all.
        """
        ...

    def ask(self, entries: Sequence[QueueEntry]) -> None:
        """Queue runs that somebody asked for, each once; whichever process leads begins them."""
        ...

    def ask_once(self, entry: QueueEntry) -> RunId:
        """Queue a run that somebody asked for, unless one of its check and location waits that was asked for as well.

        Returns:
            The run that waits; if it is another, nothing was changed.
        """
        ...

    def waiting(self) -> tuple[QueueEntry, ...]:
        """Return what is due and not begun, the oldest first."""
        ...

    def asked(self) -> tuple[QueueEntry, ...]:
        """Return what somebody asked for and did not begin yet, the oldest first."""
        ...

    def length(self) -> tuple[int, int]:
        """Return how many runs wait, and how many are leased."""
        ...

    def pause(self, check: CheckId, at_us: int, reason: str = "") -> None:
        """Pause a check; pausing it again changes nothing."""
        ...

    def resume(self, check: CheckId) -> bool:
        """Resume a check; return whether it was paused."""
        ...

    def pauses(self) -> tuple[Pause, ...]:
        """Return what is paused, by check."""
        ...

    def coverage(self, since_us: int) -> tuple[Coverage, ...]:
        """Return how many runs were due since then, and how many of them happened, by check and place."""
        ...
