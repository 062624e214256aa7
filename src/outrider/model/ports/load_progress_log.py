"""Port: loads that are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.identity import RunId
    from outrider.model.load_second import LoadSecond


class LoadProgressLog(Protocol):
    """Seconds of loads that are under way; they are kept for a day, and whole loads with their run."""

    def record(self, seconds: Sequence[LoadSecond]) -> None:
        """Keep seconds of a load; one that is kept already changes nothing."""
        ...

    def seconds(self, run: RunId, limit: int = 3_600) -> tuple[LoadSecond, ...]:
        """Return the latest seconds of a load, in time; none of one that nobody knows."""
        ...

    def latest(self, since_us: int) -> tuple[LoadSecond, ...]:
        """Return the last second of each load that was heard of since then, and whose run is not stored."""
        ...
