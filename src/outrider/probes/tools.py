"""What the engine hands to each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model.ports import HeartbeatLog
    from outrider.probes.findings import Findings
    from outrider.probes.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Tools:
    """What an attempt may use.

    Attributes:
        heartbeats: None where there is no store.
        now_us: The time, microseconds UTC.
    """

    transfers: Transfers
    heartbeats: HeartbeatLog | None
    now_us: Callable[[], int]


class Probe(Protocol):
    """What every kind of probe is.

    Attributes:
        host: Whom it asks, in small letters; only so many at a time ask one host. Empty if it asks nobody.
    """

    @property
    def host(self) -> str:
        """Whom it asks."""
        ...

    async def attempt(self, tools: Tools, limit_s: float, *, evidence: bool) -> Findings:
        """Carry out one attempt within `limit_s`; a target that fails is no exception."""
        ...
