"""What explains an incident, for people at a terminal."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from outrider.alerts import NOT_KNOWN, slower_step_of
from outrider.app.access.workspace_access import now_us
from outrider.app.lookup.joined_telemetry import reach_joined
from outrider.app.lookup.request_traces import takes_traces
from outrider.causes import attribution_lines, explain_slower_step, runs_text
from outrider.model import OutriderError

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.causes import TracedRuns
    from outrider.workspace import Workspace


def explain_incident(workspace: Workspace, store: TracedRuns, incident: Incident) -> tuple[str, ...]:
    """Return where the extra time of an incident's step is, a line each, or why that is not known.

    Nothing where that is switched off, or of an incident that is of no slower step;
    without traces, what the prober measured says it, or nothing.
    """
    slower = slower_step_of(incident, now_us())
    if slower is None or not workspace.capabilities.explanations:
        return ()
    try:
        with reach_joined(workspace) if takes_traces(workspace) else nullcontext() as telemetry:
            answer = explain_slower_step(store, telemetry, slower)
    except OutriderError as error:
        answer = error.what
    if isinstance(answer, str) and not takes_traces(workspace):
        return ()
    return unknown_line(answer) if isinstance(answer, str) else (*attribution_lines(answer), runs_text(answer))


def unknown_line(why: str) -> tuple[str, ...]:
    """Return what is said where nothing is known."""
    return (f"{NOT_KNOWN}{why}",)
