"""Why an incident notifies nobody for now: silences, maintenance, inhibition, our own network being down. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Problem
from outrider.alerts.matcher import all_hold, parse_matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.model import Silence

_OURS = {Problem.NETWORK, Problem.OUTRIDER}


def why_muted(
    incident: Incident, lasting: Iterable[Incident], silences: Iterable[Silence], settings: AlertSettings, now_us: int
) -> str:
    """Return why an incident notifies nobody now; empty if it does.

    Args:
        incident: The one in question.
        lasting: All that last; an incident never mutes itself.
        silences: All of them, whenever they begin.
        settings: With the rules of maintenance and inhibition.
        now_us: Microseconds UTC.
    """
    if not incident.pages:
        return "evidence is weak and stands alone: it is in the digest, and notifies once it grows, lasts or is joined"
    if (silence := _silence(incident.labels, silences, now_us)) is not None:
        return f"silenced by {silence.author}: {silence.comment}"
    for window in settings.maintenance:
        if all_hold(window.matchers, incident.labels) and any(
            settings.windows[other].holds(now_us) for other in window.windows
        ):
            return f"maintenance: {window.comment}"
    parent = next((other for other in lasting if other.id != incident.id and _mutes(other, incident, settings)), None)
    return f"muted by: {parent.lead.what}" if parent else ""


def muted_by(parent: Incident, lasting: Iterable[Incident], settings: AlertSettings) -> int:
    """Return how many incidents a parent mutes."""
    return sum(incident.id != parent.id and _mutes(parent, incident, settings) for incident in lasting)


def _silence(labels: Mapping[str, str], silences: Iterable[Silence], now_us: int) -> Silence | None:
    for silence in silences:
        if silence.starts_us <= now_us < silence.ends_us and all_hold(map(parse_matcher, silence.matchers), labels):
            return silence
    return None


def _mutes(parent: Incident, child: Incident, settings: AlertSettings) -> bool:
    if not parent.pages:
        return False
    if parent.problem is Problem.NETWORK:
        here = parent.labels.get("location")
        return child.problem not in _OURS and child.labels.get("location", here) == here
    return any(
        all_hold(rule.source, parent.labels)
        and all_hold(rule.target, child.labels)
        and all(parent.labels.get(name, "") == child.labels.get(name, "") for name in rule.equal)
        for rule in settings.inhibitions
    )
