"""Incidents of a store: listed with why they are muted, acknowledged, resolved."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import AlertSettings, Phase, read_incidents, why_muted
from outrider.app.alert_configuration import alert_settings
from outrider.app.listeners import SILENT
from outrider.app.workspace_access import now_us
from outrider.model import Acknowledgement, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.app.listeners import ProgressListener
    from outrider.model import IncidentLog, IncidentRecords, Outbox
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000
_MOST = 1_000
_FEW = 10
_SHORT_ID = 8


@dataclass(frozen=True, slots=True)
class Undelivered:
    """How many notifications to a receiver were given up, and why the last of them was."""

    count: int
    note: str


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Incidents, the latest first.

    Attributes:
        muted: By incident that lasts, why nobody is alerted; empty if somebody is.
        undelivered: By receiver.
        is_complete: Whether no older incident was left out.
        unreadable: Ids of those that are damaged in the store.
    """

    incidents: tuple[Incident, ...]
    muted: Mapping[str, str]
    undelivered: Mapping[str, Undelivered]
    is_complete: bool = True
    unreadable: tuple[str, ...] = ()


def list_incidents(
    workspace: Workspace,
    store: IncidentRecords,
    *,
    include_resolved: bool = False,
    days: int = 30,
    limit: int | None = _MOST,
    listener: ProgressListener = SILENT,
) -> IncidentList:
    """Return the incidents that last, or all of the last days.

    Args:
        workspace: Whose maintenance windows and parents explain what is muted.
        store: Where incidents are kept.
        include_resolved: Whether to return those that are over, too.
        days: How far back.
        limit: How many at most; None for all.
        listener: Takes the problem of alert settings that cannot be read, such as without their secrets.
    """
    settings = _settings_or_none(workspace, listener)
    at_us = now_us()
    stored = store.incidents.search(lasting=not include_resolved, since_us=at_us - days * _DAY_US, limit=limit)
    unreadable: list[str] = []
    incidents = read_incidents(stored, lambda row: unreadable.append(row.id))
    silences = store.silences.ending_after(at_us)
    active = [incident for incident in incidents if incident.phase.lasts]
    muted = {incident.id: why_muted(incident, active, silences, settings, at_us) for incident in active}
    return IncidentList(incidents, muted, _undelivered(store.outbox), stored.is_complete, tuple(unreadable))


def incident_rows(log: IncidentLog, since_us: int | None, until_us: int | None) -> list[dict[str, object]]:
    """Return the incidents that began in since_us <= at < until_us as rows of `FrameReader.incidents`."""
    stored = log.search(since_us=since_us or 0, limit=None)
    incidents = sorted(read_incidents(stored), key=lambda incident: (incident.began_us, incident.id))
    return [
        {
            "begin_us": incident.began_us,
            "incident": incident.id,
            "problem": incident.problem.value,
            "severity": incident.severity.value,
            "phase": incident.phase.value,
            "check": next(iter(incident.checks), ""),
            "check_count": incident.check_count,
            "reason": incident.lead.what,
            "acknowledged_by": incident.acknowledged_by,
            "ended_us": incident.ended_us,
        }
        for incident in incidents
        if (since_us or 0) <= incident.began_us and (until_us is None or incident.began_us < until_us)
    ]


def acknowledge_incident(log: IncidentLog, incident: str, *, author: str = "", resolve: bool = False) -> Incident:
    """Acknowledge an incident, which stops its escalation and reminders, or resolve it; return it as it was.

    Args:
        log: Where incidents are kept.
        incident: The id of an incident that lasts, or a unique beginning or end of it.
        author: Who does so; the user of this process if absent.
        resolve: End it: the same problem opens a new incident from now on.

    Raises:
        UsageError: unknown-incident.
    """
    named = find_incident(log, incident)
    action = "close" if resolve else "acknowledge"
    log.acknowledge(Acknowledgement(named.id, now_us(), action, author or current_user()))
    return named


def find_incident(log: IncidentLog, text: str) -> Incident:
    """Return the incident that lasts whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-incident.
    """
    stored = read_incidents(log.search(lasting=True, limit=None))
    lasting = [incident for incident in stored if incident.phase is not Phase.PENDING]
    return _only(lasting, text, "no incident that lasts", "outrider incidents lists them")


def find_stored_incident(log: IncidentLog, text: str) -> Incident:
    """Return the incident, lasting or resolved, whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-incident.
    """
    stored = [incident for incident in read_incidents(log.search(limit=None)) if incident.phase is not Phase.PENDING]
    return _only(stored, text, "no incident", "outrider incidents --all lists them")


def _only(incidents: Sequence[Incident], text: str, nothing: str, fix: str) -> Incident:
    matching = [incident for incident in incidents if incident.id.startswith(text) or incident.id.endswith(text)]
    if len(matching) == 1:
        return matching[0]
    ids = ", ".join(incident.id[-_SHORT_ID:] for incident in incidents[:_FEW]) or "none"
    ids += f" and {len(incidents) - _FEW} more" if len(incidents) > _FEW else ""
    meaning = f"the beginning or end of {len(matching)}" if matching else nothing
    raise UsageError(f'"{text}" is {meaning}', slug="unknown-incident", fix=f"there are: {ids}; {fix}")


def current_user() -> str:
    """Return the name of the user of this process."""
    try:
        return os.environ.get("OUTRIDER_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return str(os.getuid())


def _settings_or_none(workspace: Workspace, listener: ProgressListener) -> AlertSettings:
    try:
        return alert_settings(workspace)
    except ConfigError as error:
        listener.problem(error)
        return AlertSettings()


def _undelivered(outbox: Outbox) -> dict[str, Undelivered]:
    return {failed.receiver: Undelivered(failed.count, failed.note) for failed in outbox.undelivered()}
