"""Which traces the attempts of a run are seen in: what joins runs with telemetry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from outrider.model.telemetry import Origin

if TYPE_CHECKING:
    from outrider.model.identity import RunId
    from outrider.model.subject import CheckId

_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")  # W3C Trace Context, 3.2.2.3: all zeros are invalid


class TraceSource(StrEnum):
    """Who named the trace.

    `OUTRIDER`: the prober began it, and its signed requests name it. `PAGE`: a page's own instrumentation sent it.
    `RESPONSE`: a server named it in its answer, by `Server-Timing` or `traceresponse`.
    """

    OUTRIDER = "outrider"
    PAGE = "page"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class AttemptTrace:
    """A trace that an attempt began or met.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits, not all zero.
        step: Key of the step whose request names it, a load's endpoint, or empty for the attempt as a whole.
        kind: Whether a prober's or a load's requests are in it; never a user's.
    """

    trace_id: str
    step: str = ""
    kind: Origin = Origin.SYNTHETIC
    source: TraceSource = TraceSource.OUTRIDER


@dataclass(frozen=True, slots=True)
class TraceLink:
    """A trace of one attempt of a stored run; see `AttemptTrace`."""

    trace_id: str
    run: RunId
    check: CheckId
    attempt: int
    step: str
    kind: Origin
    source: TraceSource


def is_trace_id(text: str) -> bool:
    """Return whether a text is the id of a trace as the W3C's Trace Context defines it."""
    return _TRACE_ID.fullmatch(text) is not None
