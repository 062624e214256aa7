"""Compose the message of a dispatch from the evidence of its incidents. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrider.alerts.incident import Phase
from outrider.alerts.message import Item, Message
from outrider.alerts.notification_kind import NotificationKind
from outrider.workspace import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.group import Dispatch
    from outrider.alerts.incident import Incident

_MOST_CHECKS = 5
_SECOND_US = 1_000_000


def compose(dispatch: Dispatch, topic: str, settings: AlertSettings, *, workspace: str, now_us: int) -> Message:
    """Return the message of a telling."""
    items = tuple(_item(incident, settings, now_us) for incident in dispatch.incidents)
    severity = min(
        (incident.severity for incident in dispatch.incidents), key=list(type(dispatch.incidents[0].severity)).index
    )
    return Message(dispatch.kind, topic, _subject(dispatch), severity.value, items, now_us, workspace, dispatch.note)


def moment(at_us: int) -> str:
    """Return a time for a reader."""
    return datetime.fromtimestamp(at_us / _SECOND_US, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_WORDS = {
    NotificationKind.TRIGGER: "",
    NotificationKind.UPDATE: "update: ",
    NotificationKind.REMINDER: "still open: ",
    NotificationKind.ESCALATION: "nobody has taken this on: ",
    NotificationKind.ACKNOWLEDGED: "taken on: ",
    NotificationKind.RESOLVED: "resolved: ",
}


def _subject(dispatch: Dispatch) -> str:
    first, *others = dispatch.incidents
    more = f" (and {len(others)} more)" if others else ""
    return f"[{first.severity}] {_WORDS.get(dispatch.kind, '')}{headline(first)}{more}"


def headline(incident: Incident) -> str:
    """Return one line about an incident."""
    where = incident.checks[0] if incident.checks else ""
    others = f" and {incident.affected - 1} more" if incident.affected > 1 else ""
    return f"{where}{others}: {incident.lead.what}" if where else incident.lead.what


def _item(incident: Incident, settings: AlertSettings, now_us: int) -> Item:
    runbook = incident.labels.get("runbook", "")
    if runbook:
        runbook = f"{settings.links}{runbook}" if settings.links else f"scheduler/runbooks/{runbook}"
    return Item(
        incident=incident.id,
        headline=headline(incident),
        lines=tuple((title, text) for title, text in _lines(incident, settings, runbook, now_us) if text),
        phase=incident.phase.value,
        began_us=incident.began_us,
        ended_us=incident.ended_us,
        labels=dict(incident.labels),
        runbook=runbook,
        run=incident.lead.run,
    )


def _lines(incident: Incident, settings: AlertSettings, runbook: str, now_us: int) -> Sequence[tuple[str, str]]:
    lead = incident.lead
    since_us = lead.since_us or incident.began_us
    lasted_us = (incident.ended_us or now_us) - since_us
    amount = f"{lead.observed} instead of {lead.expected}" if lead.observed and lead.expected else lead.observed
    link = f" {settings.links}runs/{lead.run}" if settings.links and lead.run else ""
    return [
        ("step", lead.step),
        ("how much", amount),
        ("since", f"{moment(since_us)}, {_lasting(lasted_us)}"),
        ("until", moment(incident.ended_us) if incident.phase is Phase.RESOLVED and incident.ended_us else ""),
        ("affects", _affected(incident)),
        ("last release", lead.release),
        ("taken on by", incident.acknowledged_by),
        ("state", incident.phase.value if incident.phase is Phase.FLAPPING else ""),
        *(("reported meanwhile", error) for error in lead.errors),
        ("run", f"outrider show {lead.run}{link}" if lead.run else ""),
        *(("artifact", artifact) for artifact in lead.artifacts),
        ("runbook", runbook),
        ("incident", incident.id),
    ]


def _affected(incident: Incident) -> str:
    if incident.affected <= 1:
        return ""
    named = ", ".join(incident.checks[:_MOST_CHECKS])
    rest = len(incident.checks) - _MOST_CHECKS
    return f"{incident.affected} in all: {named}" + (f" and {rest} more checks" if rest > 0 else "")


def _lasting(us: int) -> str:
    return f"for {format_duration(float(max(us // _SECOND_US, 0)))}"
