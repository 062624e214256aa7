"""Port: replays of sessions, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from outrider.model.replay_segment import ReplayQuery, ReplaySegment, ReplaySummary


class ReplayLog(Protocol):
    """Parts of replays. Their contents are artifacts, which are there as long as a part is."""

    def add(self, segment: ReplaySegment, content: Path) -> bool:
        """Take a file and keep the part that it is; return False if that part of that recording is kept already.

        Digest and size of what is given count for nothing.
        """
        ...

    def of_session(self, session: str) -> tuple[ReplaySegment, ...]:
        """Return the parts of a session: its recordings as they began, the parts of each by number."""
        ...

    def latest(self, query: ReplayQuery, *, limit: int) -> tuple[ReplaySummary, ...]:
        """Return the replays that a query finds, each whole, the latest begun first."""
        ...

    def session_bytes(self, session: str) -> int:
        """Return the size of all parts of a session."""
        ...

    def among(self, sessions: Collection[str]) -> frozenset[str]:
        """Return those of some sessions that have a replay."""
        ...

    def of_event(self, event: str, at_us: int) -> str:
        """Return the session of a replay in which an event happened, as its client says; "" for none.

        Args:
            event: Its id.
            at_us: When it happened; the part of the replay began within a day before or after.
        """
        ...

    def delete(self, session: str) -> int:
        """Remove a session's parts and, at once, contents that nothing else refers to; return how many parts it had."""
        ...
