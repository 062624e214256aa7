"""The protocol of a probe, and the services that the engine passes to its attempts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from outrider.model import HeartbeatLog, RunId, TraceContext
    from outrider.probes.access_tokens import TokenStore
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_result import ProbeResult
    from outrider.probes.programs import ProgramGuard
    from outrider.probes.redirects import Hop
    from outrider.probes.transfers import Transfers

Headers = tuple[tuple[str, str], ...]
"""Names and values of a request's headers."""

_TRACE_HEADERS: Final = frozenset({"traceparent", "tracestate", "sentry-trace", "baggage"})


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
        trace: That the attempt begins, where requests say so; None where they do not.
    """

    transfers: Transfers
    evaluator: Evaluator
    heartbeats: HeartbeatLog | None
    now_us: Callable[[], int]
    tokens: TokenStore
    database_turns: asyncio.Semaphore
    guard: ProgramGuard
    run: RunId | None = None
    trace: TraceContext | None = None

    def traced(self, hop: Hop) -> Hop:
        """Return a request that names its trace, unless the probe has headers of its own for that."""
        headers = self.trace_headers(hop.headers)
        return replace(hop, headers=(*hop.headers, *headers)) if headers else hop

    def trace_id_of(self, hop: Hop) -> str:
        """Return the trace that a request names for us, or empty."""
        return self.trace_id_beside(hop.headers)

    def trace_headers(self, headers: Headers) -> Headers:
        """Return the headers that name the trace in a request; none where its own name one, or there is none."""
        return self.trace.headers() if self.trace is not None and self.trace_id_beside(headers) else ()

    def trace_id_beside(self, headers: Headers) -> str:
        """Return the trace that a request with these headers names for us, or empty."""
        if self.trace is None or any(name.lower() in _TRACE_HEADERS for name, _ in headers):
            return ""
        return self.trace.trace_id


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
