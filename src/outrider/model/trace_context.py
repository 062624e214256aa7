"""The trace that an attempt is, in the headers of its requests, and whose traffic a trace is by its signature.

W3C Trace Context (https://www.w3.org/TR/trace-context/): `traceparent`, and `tracestate: outrider=…`, which servers
hand on with every span. Sentry's SDKs for Python read `sentry-trace` and `baggage` in its place. The state names what
sent the request, its run and attempt, and until when it holds; it is signed together with the id of the trace, so
that what merely claims to be synthetic, or repeats a state that it has seen, counts as a user.

The workspace's key signs nothing itself: the key of an attempt is derived from it (HMAC, as RFC 5869 expands keys),
and signs traces of that attempt alone, until it ends. So a process that runs other people's code may have the latter.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from outrider.model.telemetry import Origin

if TYPE_CHECKING:
    from outrider.model.identity import RunId

VENDOR: Final = "outrider"
_STATE: Final = re.compile(
    r"(?P<origin>[sl])-(?P<run>[0-9a-f]{32})-(?P<attempt>[0-9]{1,4})-(?P<until>[0-9]{1,11})-(?P<sign>[0-9a-f]{32})"
)
_LETTERS: Final = {Origin.SYNTHETIC: "s", Origin.LOAD: "l"}
_ORIGINS: Final = {letter: origin for origin, letter in _LETTERS.items()}
_SIGN_CHARACTERS: Final = 32
_MOST_MEMBERS: Final = 32  # W3C Trace Context, 3.3.1.1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A trace that one attempt begins.

    Attributes:
        trace_id: 32 hexadecimal digits.
        state: What `tracestate` says of us, signed.
    """

    trace_id: str
    state: str

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of one request, whose span is a new one."""
        span_id = secrets.token_hex(8)
        return (
            ("traceparent", f"00-{self.trace_id}-{span_id}-01"),
            ("tracestate", f"{VENDOR}={self.state}"),
            ("sentry-trace", f"{self.trace_id}-{span_id}-1"),
            ("baggage", f"sentry-trace_id={self.trace_id},sentry-sampled=true,sentry-sample_rate=1"),
        )


@dataclass(frozen=True, slots=True)
class TraceGrant:
    """Allows to begin traces of one attempt.

    Attributes:
        claim: What their states say: origin, run, attempt, and until when.
        key: Derived for that claim, in hexadecimal; it signs no other.
    """

    claim: str
    key: str = field(repr=False)

    def begin(self) -> TraceContext:
        """Return a new trace."""
        trace_id = secrets.token_hex(16)
        return TraceContext(trace_id, self.state(trace_id))

    def state(self, trace_id: str) -> str:
        """Return what `tracestate` says of a trace that somebody else began for the attempt, signed."""
        return f"{self.claim}-{_sign(bytes.fromhex(self.key), trace_id)}"


def grant_traces(key: bytes, origin: Origin, run: RunId, *, attempt: int, until_s: int) -> TraceGrant:
    """Return what begins the traces of an attempt.

    Args:
        key: Of the workspace.
        origin: What sends the requests; not a user.
        run: To which the attempt belongs.
        attempt: From one.
        until_s: When the signatures end, seconds UTC; what arrives later counts as a user.
    """
    claim = f"{_LETTERS[origin]}-{run.replace('-', '')}-{attempt}-{until_s}"
    return TraceGrant(claim, _derive(key, claim).hex())


def begin_trace(key: bytes, origin: Origin, run: RunId, *, attempt: int, until_s: int) -> TraceContext:
    """Return a new trace of an attempt; see `grant_traces`."""
    return grant_traces(key, origin, run, attempt=attempt, until_s=until_s).begin()


def origin_of(key: bytes, trace_id: str, trace_state: str, now_s: float) -> Origin:
    """Return whose traffic a span is, by the `tracestate` that came with it; a user's unless our signature holds."""
    for member in trace_state.split(",", _MOST_MEMBERS)[:_MOST_MEMBERS]:
        name, _, state = member.strip().partition("=")
        match = _STATE.fullmatch(state) if name == VENDOR else None
        if match is None or now_s > int(match["until"]):
            continue
        claim = state.rpartition("-")[0]
        if hmac.compare_digest(match["sign"], _sign(_derive(key, claim), trace_id)):
            return _ORIGINS[match["origin"]]
    return Origin.USER


def _derive(key: bytes, claim: str) -> bytes:
    return hmac.digest(key, f"traces {claim}".encode(), "sha256")


def _sign(key: bytes, trace_id: str) -> str:
    return hmac.digest(key, trace_id.encode(), "sha256").hex()[:_SIGN_CHARACTERS]
