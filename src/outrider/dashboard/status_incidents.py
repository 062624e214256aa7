"""Incidents of the public status page: what operators wrote, and what a component announces by itself. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from outrider.alerts import Phase, Problem
from outrider.model import Impact, StatusPhase, StatusUpdate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.model import CheckId
    from outrider.workspace import StatusComponent

_IMPACTS = {Problem.FAILURE: Impact.DOWN, Problem.CERTIFICATE: Impact.DOWN, Problem.DEGRADATION: Impact.DEGRADED}
_TITLES = {Impact.DOWN: ("has problems", "have problems"), Impact.DEGRADED: ("is slow", "are slow")}
_OVER = "This is over."


@dataclass(frozen=True, slots=True)
class StatusIncident:
    """An incident as the public reads it.

    Attributes:
        id: 32 hex digits, of which nobody can tell what it came from.
        components: Ids of those that it affects.
        updates: The latest first.
        tells_state: Whether an operator wrote its impact, which then counts for its components.
    """

    id: str
    title: str
    impact: Impact
    components: tuple[str, ...]
    updates: tuple[StatusUpdate, ...]
    tells_state: bool

    @property
    def phase(self) -> StatusPhase:
        """Where it is in its life."""
        return self.updates[0].phase

    @property
    def is_over(self) -> bool:
        """Whether it is resolved."""
        return self.phase is StatusPhase.RESOLVED

    @property
    def began_us(self) -> int:
        """When it was opened."""
        return self.updates[-1].at_us

    @property
    def changed_us(self) -> int:
        """When it was updated last."""
        return self.updates[0].at_us


def public_id(incident: str) -> str:
    """Return the id under which the public knows an incident of the workspace."""
    return uuid5(NAMESPACE_OID, f"outrider status page {incident}").hex


def announced_updates(
    incidents: Iterable[Incident], components: Sequence[StatusComponent], checks: Mapping[str, frozenset[CheckId]]
) -> list[StatusUpdate]:
    """Return the updates of incidents that components announce by themselves.

    Args:
        incidents: Of the workspace.
        components: Of the page.
        checks: Ids of the checks of each component, by its id.
    """
    updates: list[StatusUpdate] = []
    for incident in incidents:
        affected = [
            component
            for component in components
            if component.announcement and not checks[component.id].isdisjoint(incident.checks)
        ]
        if affected and _is_announced(incident):
            updates += _updates(incident, affected)
    return updates


def _is_announced(incident: Incident) -> bool:
    return incident.problem in _IMPACTS and incident.opened_us is not None and incident.phase is not Phase.PENDING


def _updates(incident: Incident, affected: Sequence[StatusComponent]) -> list[StatusUpdate]:
    identity, impact = public_id(incident.id), _IMPACTS[incident.problem]
    others = f" and {len(affected) - 1} more" if len(affected) > 1 else ""
    title = f"{affected[0].name}{others} {_TITLES[impact][bool(others)]}"
    text = "\n".join(dict.fromkeys(component.announcement for component in affected))
    ids = tuple(component.id for component in affected)
    begun_us = incident.opened_us or incident.began_us
    opened = StatusUpdate(identity, identity, begun_us, StatusPhase.INVESTIGATING, text, title, impact, ids)
    if incident.ended_us is None:
        return [opened]
    over = StatusUpdate(f"{identity}-over", identity, incident.ended_us, StatusPhase.RESOLVED, _OVER)
    return [opened, over]


def status_incidents(written: Iterable[StatusUpdate], announced: Iterable[StatusUpdate]) -> tuple[StatusIncident, ...]:
    """Return incidents, those that last first, then the latest first.

    What an operator resolved stays resolved; what the workspace says of its end ends what an operator updated, too.
    """
    by_incident: dict[str, list[StatusUpdate]] = defaultdict(list)
    automatic = list(announced)
    for update in (*written, *automatic):
        by_incident[update.incident].append(update)
    own = {update.id for update in automatic}
    incidents = [_incident(name, updates, own) for name, updates in by_incident.items()]
    return tuple(sorted(incidents, key=lambda incident: (incident.is_over, -incident.changed_us, incident.id)))


def _incident(identity: str, updates: list[StatusUpdate], automatic: Collection[str]) -> StatusIncident:
    title, impact = "", Impact.NONE
    components: tuple[str, ...] = ()
    in_order = sorted(updates, key=lambda update: (update.at_us, update.id))
    for update in in_order:
        title = update.title or title
        impact = update.impact if update.impact is not None else impact
        components = update.components if update.components is not None else components
    tells_state = any(update.impact is not None for update in updates if update.id not in automatic)
    return StatusIncident(identity, title or "Incident", impact, components, _until_over(in_order), tells_state)


def _until_over(updates: Sequence[StatusUpdate]) -> tuple[StatusUpdate, ...]:
    """Return updates, the latest first, without an automatic end of what was resolved already."""
    shown: list[StatusUpdate] = []
    for update in updates:
        is_repeated = bool(shown) and shown[-1].phase is update.phase is StatusPhase.RESOLVED
        if not (is_repeated and update.text == _OVER):
            shown.append(update)
    return tuple(reversed(shown))
