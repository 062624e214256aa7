"""Incidents of a store: listed with why they are muted, acknowledged, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from outrider.alerts import AlertSettings, Phase, headline, read_incidents, why_muted
from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.model import ASSIGN, Acknowledgement, Comment, ConfigError, UsageError
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.app.access.audit_trail import Note
    from outrider.app.access.listeners import ProgressListener
    from outrider.model import AuditLog, IncidentLog, IncidentRecords, Outbox
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000
_MOST = 1_000
_FEW = 10
_SHORT_ID = 8
_NAME_CHARACTERS = 100
COMMENT_CHARACTERS = 4_000


class AuditedIncidents(Protocol):
    """Incidents, and who changed them."""

    @property
    def incidents(self) -> IncidentLog:
        """Incidents."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


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


def stored_incident_rows(log: IncidentLog, since_us: int | None, until_us: int | None) -> list[dict[str, object]]:
    """Return the incidents of a store that began in since_us <= at < until_us; see `incident_rows`."""
    return incident_rows(read_incidents(log.search(since_us=since_us or 0, limit=None)), since_us, until_us)


def incident_rows(incidents: Iterable[Incident], since_us: int | None, until_us: int | None) -> list[dict[str, object]]:
    """Return the incidents that began in since_us <= at < until_us as rows of `FrameReader.incidents`."""
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
        for incident in sorted(incidents, key=lambda incident: (incident.began_us, incident.id))
        if (since_us or 0) <= incident.began_us and (until_us is None or incident.began_us < until_us)
    ]


def acknowledge_incident(
    store: AuditedIncidents, incident: str, *, author: str = "", resolve: bool = False, note: Note | None = None
) -> Incident:
    """Acknowledge an incident, which stops its escalation and reminders, or resolve it; return it as it was.

    Args:
        store: Where incidents are kept, and who acknowledged them.
        incident: The id of an incident that lasts, or a unique beginning or end of it.
        author: Who does so; the user of this process if absent.
        resolve: End it: the same problem opens a new incident from now on.
        note: Says who does so, for the audit log; the command line if absent.

    Raises:
        UsageError: unknown-incident.
    """
    named = find_incident(store.incidents, incident)
    action = "close" if resolve else "acknowledge"
    done = "incident.resolve" if resolve else "incident.acknowledge"
    note = note or partial(command_line_change, author=author)
    with store.audit.alongside(note(done, named.id, headline(named))):
        store.incidents.acknowledge(Acknowledgement(named.id, now_us(), action, author or current_user()))
    return named


def assign_incident(
    store: AuditedIncidents, incident: str, assignee: str, *, author: str = "", note: Note | None = None
) -> Incident:
    """Assign an incident that lasts to somebody, or to nobody if `assignee` is empty; return it as it was.

    Raises:
        UsageError: unknown-incident, or bad-argument for a name that is too long or has several lines.
    """
    name = assignee.strip()
    if len(name) > _NAME_CHARACTERS or not (name.isprintable() or not name):
        what = f"a name has at most {_NAME_CHARACTERS} characters, in one line"
        raise UsageError(what, slug="bad-argument", fix="write the name of who works on it")
    named = find_incident(store.incidents, incident)
    note = note or partial(command_line_change, author=author)
    with store.audit.alongside(note("incident.assign", named.id, f"to {name or 'nobody'}: {headline(named)}")):
        acknowledgement = Acknowledgement(named.id, now_us(), ASSIGN, author or current_user(), assignee=name)
        store.incidents.acknowledge(acknowledgement)
    return named


def comment_on_incident(
    store: AuditedIncidents, incident: str, text: str, *, author: str = "", note: Note | None = None
) -> Incident:
    """Add a comment to an incident, lasting or resolved, and return the incident; secrets in it are masked.

    Raises:
        UsageError: unknown-incident, or bad-argument for a comment that is empty or too long.
    """
    written = text.strip()
    if not written or len(written) > COMMENT_CHARACTERS:
        what = f"a comment has {len(written):,} characters" if written else "a comment has no text"
        raise UsageError(what, slug="bad-argument", fix=f"write 1 to {COMMENT_CHARACTERS:,} characters")
    named = find_stored_incident(store.incidents, incident)
    note = note or partial(command_line_change, author=author)
    with store.audit.alongside(note("incident.comment", named.id, headline(named))):
        store.incidents.comment(Comment(named.id, now_us(), author or current_user(), gated(written)))
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


def _settings_or_none(workspace: Workspace, listener: ProgressListener) -> AlertSettings:
    try:
        return alert_settings(workspace)
    except ConfigError as error:
        listener.problem(error)
        return AlertSettings()


def _undelivered(outbox: Outbox) -> dict[str, Undelivered]:
    return {failed.receiver: Undelivered(failed.count, failed.note) for failed in outbox.undelivered()}
