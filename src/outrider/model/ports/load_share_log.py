"""Port: shares of loads that workers of locations make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.load_share import FailedShare, LoadShare, ShareState


class LoadShareLog(Protocol):
    """Shares of loads: whoever leads a load asks for them and ends them, workers of locations take them once."""

    def ask(self, shares: Sequence[LoadShare], at_us: int) -> None:
        """Want Locust workers; shares that are past their time are removed."""
        ...

    def take(self, location: str, at_us: int) -> LoadShare | None:
        """Return a share that nobody of a location took, which is the caller's from now on; None if there is none."""
        ...

    def waiting_places(self, at_us: int) -> frozenset[str]:
        """Return the locations that have shares which nobody took."""
        ...

    def fail(self, location: str, failed: Sequence[FailedShare]) -> None:
        """Note why shares of a location are not made; of others nothing is noted."""
        ...

    def states(self, ids: Sequence[str]) -> tuple[ShareState, ...]:
        """Return what became of shares, by location; of those that ended nothing."""
        ...

    def end(self, ids: Sequence[str]) -> None:
        """Want shares no more."""
        ...
