"""The protocol of a probe, and the services that the engine passes to its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from outrider.model import HeartbeatLog, RunId
    from outrider.probes.access_tokens import TokenStore
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_result import ProbeResult
    from outrider.probes.programs import ProgramGuard
    from outrider.probes.transfers import Transfers


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """The services that an attempt may use.

    Attributes:
        heartbeats: None where there is no store.
        now_us: The time, microseconds UTC.
        tokens: Access tokens that several attempts use.
        guard: Ends programs if this process is killed.
        database_turns: Limits how many databases are asked at a time, each by a process.
        run: That the attempt belongs to; None if it belongs to none that is stored.
    """

    transfers: Transfers
    evaluator: Evaluator
    heartbeats: HeartbeatLog | None
    now_us: Callable[[], int]
    tokens: TokenStore
    database_turns: asyncio.Semaphore
    guard: ProgramGuard
    run: RunId | None = None


class Probe(Protocol):
    """A probe of any kind.

    Attributes:
        host: The target, in lower case; concurrency is limited per host. Empty without a target.
    """

    @property
    def host(self) -> str:
        """The target host."""
        ...

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Carry out one attempt within `limit_s`; a failing target raises no exception."""
        ...
