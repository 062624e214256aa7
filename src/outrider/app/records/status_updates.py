"""What operators write on the public status page: incidents and their updates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.workspace_access import now_us
from outrider.dashboard import status_page_incidents
from outrider.model import (
    MOST_TEXT_CHARACTERS,
    MOST_TITLE_CHARACTERS,
    Impact,
    StatusPhase,
    StatusUpdate,
    UsageError,
    new_run_id,
)
from outrider.workspace import gated, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.access.audit_trail import Note
    from outrider.dashboard import StatusIncident, StatusPageSources
    from outrider.workspace import StatusPageSettings

_SHORTEST_ID = 4


def open_status_incident(
    sources: StatusPageSources,
    title: str,
    text: str,
    *,
    components: Sequence[str] = (),
    impact: Impact = Impact.NONE,
    phase: StatusPhase = StatusPhase.INVESTIGATING,
    note: Note = command_line_change,
) -> str:
    """Open an incident on the status page, and return its id.

    Args:
        sources: What the page is made from.
        title: What is wrong, for the public.
        text: Of the first update.
        components: Names of those that it affects, as "Checkout" or "Shop/Checkout".
        impact: What it makes of them as long as it lasts.
        phase: Where it is in its life.
        note: Says who does so, for the audit log.

    Raises:
        UsageError: bad-argument or unknown-component.
    """
    _check_text("title", title, MOST_TITLE_CHARACTERS)
    _check_text("text", text, MOST_TEXT_CHARACTERS)
    affected = _component_ids(sources.settings, components)
    if impact is not Impact.NONE and not affected:
        raise UsageError(
            f"an incident whose impact is {impact} affects components", slug="bad-argument", fix="name them"
        )
    at_us, identity = now_us(), new_run_id(now_us())
    incident = identity.replace("-", "")
    update = StatusUpdate(str(identity), incident, at_us, phase, gated(text), gated(title), impact, affected)
    with sources.store.audit.alongside(note("status-page.open", title, f"{phase}, {impact}")):
        sources.store.status_updates.record(update)
    return incident


def update_status_incident(
    sources: StatusPageSources,
    incident: str,
    text: str,
    *,
    phase: StatusPhase | None = None,
    title: str = "",
    impact: Impact | None = None,
    components: Sequence[str] | None = None,
    note: Note = command_line_change,
) -> StatusIncident:
    """Add an update to an incident of the status page, and return the incident as it was before.

    Args:
        sources: What the page is made from.
        incident: Its id, or a beginning or end of it that is unique.
        text: Of the update.
        phase: Where the incident is now; as before if absent.
        title: Of the incident from now on; as before if empty.
        impact: From now on; as before if absent.
        components: Names of those that it affects from now on; as before if absent.
        note: Says who does so, for the audit log.

    Raises:
        UsageError: bad-argument, unknown-component or unknown-status-incident.
    """
    _check_text("text", text, MOST_TEXT_CHARACTERS)
    if title:
        _check_text("title", title, MOST_TITLE_CHARACTERS)
    known = find_status_incident(sources, incident)
    affected = None if components is None else _component_ids(sources.settings, components)
    at_us = now_us()
    update = StatusUpdate(
        str(new_run_id(at_us)), known.id, at_us, phase or known.phase, gated(text), gated(title), impact, affected
    )
    with sources.store.audit.alongside(note("status-page.update", title or known.title, f"{update.phase}: {text}")):
        sources.store.status_updates.record(update)
    return known


def find_status_incident(sources: StatusPageSources, text: str) -> StatusIncident:
    """Return the incident of the status page whose id is, begins or ends with a text.

    Raises:
        UsageError: unknown-status-incident.
    """
    incidents = status_page_incidents(sources)
    exact = [incident for incident in incidents if incident.id == text]
    is_long = len(text) >= _SHORTEST_ID
    matching = exact or [
        known for known in incidents if is_long and (known.id.startswith(text) or known.id.endswith(text))
    ]
    if len(matching) != 1:
        lasting = ", ".join(incident.id for incident in incidents if not incident.is_over) or "none"
        what = f'"{text[:80]}" is not the id of one incident of the status page'
        raise UsageError(what, slug="unknown-status-incident", fix=f"those that last: {lasting}")
    return matching[0]


def _check_text(name: str, text: str, most: int) -> None:
    if not text.strip():
        raise UsageError(f"the {name} is empty", slug="bad-argument", fix="write what the public shall read")
    if len(text) > most:
        raise UsageError(f"the {name} has {len(text):,} characters", slug="bad-argument", fix=f"at most {most:,}")


def _component_ids(settings: StatusPageSettings, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(partial(_component_id, settings), names)))


def _component_id(settings: StatusPageSettings, name: str) -> str:
    matching = [
        component
        for component in settings.components
        if name in {component.name, f"{component.group}/{component.name}", component.id}
    ]
    if len(matching) == 1:
        return matching[0].id
    what = f'"{name[:80]}" is not the name of one component of the status page'
    names = [f"{component.group}/{component.name}" if matching else component.name for component in settings.components]
    raise UsageError(what, slug="unknown-component", fix=nearest(name, names))
