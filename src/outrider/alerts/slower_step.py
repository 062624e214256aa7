"""Which step an incident says got slower. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Problem
from outrider.causes import SlowerStep
from outrider.model import RunId

if TYPE_CHECKING:
    from outrider.alerts.incident import Incident


def slower_step_of(incident: Incident, now_us: int) -> SlowerStep | None:
    """Return the step that an incident is about, and since when; None of another problem."""
    lead = incident.lead
    if incident.problem is not Problem.DEGRADATION or not lead.run or not lead.step:
        return None
    since_us = incident.began_us if lead.since_us is None else lead.since_us
    return SlowerStep(RunId(lead.run), lead.step, since_us, incident.ended_us or now_us)
