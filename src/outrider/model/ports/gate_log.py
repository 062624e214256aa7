"""Port: the decisions of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.excerpt import Excerpt
    from outrider.model.stored_gate import StoredGate


class GateLog(Protocol):
    """Decisions of the gate; they are never changed, and kept as long as runs."""

    def record(self, gate: StoredGate) -> None:
        """Keep a decision; one whose id is kept already changes nothing."""
        ...

    def get(self, gate_id: str) -> StoredGate | None:
        """Return a decision with its comparisons; None if there is none of this id."""
        ...

    def search(
        self, *, verdict: str = "", commit: str = "", before: tuple[int, str] | None = None, limit: int = 100
    ) -> Excerpt[StoredGate]:
        """Return decisions without their comparisons, the latest first.

        Args:
            verdict: Of this one only; empty for all.
            commit: Of commits that begin so only.
            before: Earlier than this time and id only.
            limit: How many at most.
        """
        ...
