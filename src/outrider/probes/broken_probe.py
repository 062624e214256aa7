"""The probe of a table that cannot be read: each of its runs gives the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.probes.probe_result import Blame, Failure, ProbeResult

if TYPE_CHECKING:
    from outrider.probes.probe_context import ProbeContext


@dataclass(frozen=True, slots=True)
class BrokenProbe:
    """A setup error with its reason."""

    reason: str
    host: str = ""

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Return the reason."""
        return ProbeResult(0.0, (Failure(Blame.SETUP, self.reason),), is_timed=False)
