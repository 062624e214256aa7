"""Where the id of a request's trace is lost on its way into telemetry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Span

_APART_NS: Final = 2 * 10**9
_READS_TRACEPARENT: Final = "opentelemetry"


class Join(StrEnum):
    """What became of a trace id that a request named."""

    JOINED = "joined"
    CLOCK_APART = "clock apart"
    CORS = "refused by CORS"
    NOT_ANSWERED = "not answered"
    STRIPPED = "header removed on the way"
    IGNORED = "header ignored"
    SAMPLED_OUT = "sampled out"
    ELSEWHERE = "spans not sent here"
    NOT_INSTRUMENTED = "not instrumented"
    REDIRECTED = "redirected"
    ARRIVING = "nothing came yet"


@dataclass(frozen=True, slots=True)
class WalkedRequest:
    """A request that named a trace, and what came of it; times in nanoseconds since 1970.

    Attributes:
        status: Of the answer; 0 without one.
        problem: Why there is none.
        named: The trace that the answer names, in `Server-Timing` or `traceresponse`; empty if none.
        is_sampled: Whether it says that the trace is recorded.
        via: What the answer says that stands before the service.
        spans: Of the trace.
        other: A span of that very request in another trace; None if none was seen.
        services: Those that send spans to this workspace.
        origin: Of pages whose requests were tried, too; empty for none.
        is_allowed: Whether the preflight allows them the headers.
        waited_s: How long spans were waited for.
        leads_to: Where a redirect leads; empty for another answer.
        newest_ns: When the newest span of any service began; 0 if none came in an hour.
    """

    trace_id: str
    sent_ns: int
    answered_ns: int
    status: int
    problem: str = ""
    named: str = ""
    is_sampled: bool = True
    via: str = ""
    spans: Sequence[Span] = ()
    other: Span | None = None
    services: Sequence[str] = ()
    origin: str = ""
    is_allowed: bool = True
    waited_s: float = 0.0
    leads_to: str = ""
    newest_ns: int = 0


@dataclass(frozen=True, slots=True)
class JoinVerdict:
    """What became of the id: why, and what to do about it."""

    join: Join
    why: str
    fix: str = ""


def judge_join(walked: WalkedRequest) -> JoinVerdict:
    """Return where the id of a trace is lost, if it is."""
    if not walked.status:
        return JoinVerdict(Join.NOT_ANSWERED, walked.problem, "see that the address answers from this machine")
    if walked.spans:
        return _joined(walked)
    if walked.other is not None:
        return _own_trace(walked, walked.other)
    return _named(walked) if walked.named else _silent(walked)


_ENDPOINT: Final = " (docs/telemetry.md#start: OTEL_EXPORTER_OTLP_ENDPOINT)"


def _named(walked: WalkedRequest) -> JoinVerdict:
    """Return why no span came, though the answer names a trace."""
    if walked.named != walked.trace_id:
        return JoinVerdict(
            Join.ELSEWHERE, "the answer names another trace, of which no span came here",
            f"let the service continue traceparent, and send its spans here{_ENDPOINT}",
        )  # fmt: skip
    if not walked.is_sampled:
        return JoinVerdict(
            Join.SAMPLED_OUT, "the service continued the trace and says that it does not record it",
            "use a sampler that follows its parent, such as OTEL_TRACES_SAMPLER=parentbased_traceidratio",
        )  # fmt: skip
    return JoinVerdict(
        Join.ELSEWHERE, f"the service continued the trace, and no span came here within {walked.waited_s:.0f} s",
        f"send its spans here, too{_ENDPOINT}, or look again later: outrider traces {walked.trace_id}",
    )  # fmt: skip


def _silent(walked: WalkedRequest) -> JoinVerdict:
    """Return why nothing tells of the request."""
    if not walked.services:
        why = "no service sends spans to this workspace"
        return JoinVerdict(Join.NOT_INSTRUMENTED, why, f"instrument one{_ENDPOINT}")
    if walked.leads_to:
        return JoinVerdict(
            Join.REDIRECTED, "no span came of a redirect, which what stands before a service may have answered",
            f"ask where it leads: outrider doctor trace {walked.leads_to}",
        )  # fmt: skip
    if walked.newest_ns < walked.sent_ns:
        return _late(walked)
    known, send = ", ".join(walked.services[:5]), "sends" if len(walked.services) == 1 else "send"
    return JoinVerdict(
        Join.NOT_INSTRUMENTED, f"no span of the request came within {walked.waited_s:.0f} s; {known} {send} some",
        f"instrument what answers there with OpenTelemetry or Sentry's SDK, and send its spans here{_ENDPOINT}",
    )  # fmt: skip


def _late(walked: WalkedRequest) -> JoinVerdict:
    """Return that nothing is known while spans of no service have come since."""
    age = f"; the newest began {(walked.sent_ns - walked.newest_ns) / 1e9:.0f} s before it" if walked.newest_ns else ""
    return JoinVerdict(
        Join.ARRIVING,
        f"no span of any service that began since the request came within {walked.waited_s:.0f} s{age}:"
        " spans are on their way, or nothing that answers there is instrumented",
        f"look again later: outrider traces {walked.trace_id}; or wait longer with --wait",
    )


def _joined(walked: WalkedRequest) -> JoinVerdict:
    first = min(walked.spans, key=lambda span: span.time_ns)
    services = ", ".join(dict.fromkeys(span.service for span in walked.spans))
    if not walked.is_allowed:
        return JoinVerdict(
            Join.CORS, f"our requests are joined ({services}), those of pages of {walked.origin} are not allowed",
            "list traceparent, tracestate, sentry-trace and baggage in Access-Control-Allow-Headers",
        )  # fmt: skip
    apart_ns = max(walked.sent_ns - first.time_ns, first.time_ns - walked.answered_ns)
    if apart_ns > _APART_NS:
        side = "behind" if first.time_ns < walked.sent_ns else "ahead"
        return JoinVerdict(
            Join.CLOCK_APART, f"joined, but the clock of {first.service} is {apart_ns / 1e9:.0f} s {side}",
            "synchronise the clocks of that host and this one",
        )  # fmt: skip
    count = len(walked.spans)
    return JoinVerdict(Join.JOINED, f"{count} span{'' if count == 1 else 's'} of {services}")


def _own_trace(walked: WalkedRequest, other: Span) -> JoinVerdict:
    """Return why a service began a trace of its own, though the request named one."""
    sdk = other.resource.get("telemetry.sdk.name", "")
    began = f"{other.service} recorded the request in a trace of its own ({other.trace_id})"
    if sdk != _READS_TRACEPARENT:
        named = f"its SDK ({sdk})" if sdk else "what records it"
        return JoinVerdict(
            Join.IGNORED, f"{began}: {named} reads none of our headers", "use one that reads traceparent"
        )
    before = f" ({walked.via})" if walked.via else ""
    return JoinVerdict(
        Join.STRIPPED, f"{began}: its SDK reads traceparent, so what stands before it{before} removes the header",
        "let proxies pass traceparent and tracestate on, and the service's propagators include tracecontext",
    )  # fmt: skip
