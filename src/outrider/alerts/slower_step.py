"""Which step an incident says got slower. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Problem
from outrider.alerts.incident import Phase
from outrider.causes import SlowerStep
from outrider.model import RunId

if TYPE_CHECKING:
    from outrider.alerts.incident import Incident


def slower_step_of(incident: Incident, now_us: int) -> SlowerStep | None:
    """Return the step that an incident is about, and since when; None of another problem.

    Of one that is over or recovers, the runs that confirmed it are looked at: many of those since are quick again.
    """
    lead = incident.lead
    if incident.problem is not Problem.DEGRADATION or not lead.run or not lead.step:
        return None
    since_us = incident.since_us if lead.since_us is None else lead.since_us
    is_bad = incident.phase.lasts and incident.phase is not Phase.RECOVERING
    until_us = now_us if is_bad else incident.confirmed_us or incident.ended_us or now_us
    return SlowerStep(RunId(lead.run), lead.step, since_us, until_us)
