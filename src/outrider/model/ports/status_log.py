"""Port: what operators write on the public status page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.excerpt import Excerpt
    from outrider.model.status_update import StatusUpdate


class StatusLog(Protocol):
    """Updates of incidents of the status page; they are never changed, and kept as long as runs."""

    def record(self, update: StatusUpdate) -> None:
        """Keep an update; one whose id is kept already changes nothing."""
        ...

    def search(self, *, since_us: int = 0, incident: str = "", limit: int | None = 1_000) -> Excerpt[StatusUpdate]:
        """Return updates since then, the latest first.

        Args:
            since_us: Microseconds UTC.
            incident: Of this one only; empty for all.
            limit: How many at most.
        """
        ...
