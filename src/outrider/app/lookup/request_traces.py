"""Traces that attempts begin, signed with the workspace's key, where it takes telemetry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from outrider.app.access.signing_key import signing_key
from outrider.app.lookup.source_access import has_joined_sources, has_trace_sources
from outrider.model import Origin, begin_trace, grant_traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Order, TraceContext, TraceGrant
    from outrider.workspace import Workspace

_ARRIVES_S: Final = 3_600
"""How long after an attempt its spans may arrive and still count as synthetic."""


def takes_traces(workspace: Workspace) -> bool:
    """Return whether a workspace takes the spans of its traces, or reads them where they are kept."""
    switches = workspace.capabilities
    is_taken = workspace.telemetry is not None and switches.telemetry
    return switches.traces and (is_taken or has_trace_sources(workspace))


def names_traces(workspace: Workspace) -> bool:
    """Return whether anything is known by the ids of traces: spans, or what sources keep of them."""
    return takes_traces(workspace) or (workspace.capabilities.traces and has_joined_sources(workspace))


def tracer(workspace: Workspace) -> Callable[[Order], TraceContext] | None:
    """Return what begins a trace for each attempt of a probe; None where nothing is known by it."""
    if not names_traces(workspace):
        return None
    key = signing_key(workspace.state)

    def begin(order: Order) -> TraceContext:
        until_s = int(time.time() + order.deadline_s) + _ARRIVES_S
        return begin_trace(key, Origin.SYNTHETIC, order.run, attempt=order.attempt, until_s=until_s)

    return begin


def load_tracer(workspace: Workspace) -> Callable[[Order], TraceGrant] | None:
    """Return what allows an attempt of a load to begin traces; None where nothing is known by it."""
    if not names_traces(workspace):
        return None
    key = signing_key(workspace.state)

    def grant(order: Order) -> TraceGrant:
        until_s = int(time.time() + order.deadline_s) + _ARRIVES_S
        return grant_traces(key, Origin.LOAD, order.run, attempt=order.attempt, until_s=until_s)

    return grant
