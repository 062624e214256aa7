"""Why an incident notifies nobody for now: silences, maintenance, inhibition, our own network being down. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import Problem, is_check
from outrider.alerts.matcher import all_hold, parse_matcher
from outrider.alerts.shared_cause import root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.model import Silence

_OURS = {Problem.NETWORK.value, Problem.OUTRIDER.value}


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
    if incident.paused:
        return incident.paused
    others = [other for other in lasting if other.id != incident.id]
    why = next(mute_reasons(incident.labels, others, silences, settings, now_us), "")
    root = root_of(incident, others) if settings.folds and not why else None
    return why if root is None else f"it has the cause of incident {root.id[-8:]}, which notifies: {root.lead.what}"


def mute_reasons(
    labels: Mapping[str, str],
    lasting: Iterable[Incident],
    silences: Iterable[Silence],
    settings: AlertSettings,
    now_us: int,
) -> Iterator[str]:
    """Yield every reason for which an incident with these labels notifies nobody now; see `why_muted`."""
    for silence in silences:
        if silence.starts_us <= now_us < silence.ends_us and all_hold(map(parse_matcher, silence.matchers), labels):
            yield f"silenced by {silence.author}: {silence.comment}"
    for maintenance in settings.maintenance:
        if all_hold(maintenance.matchers, labels) and any(
            settings.windows[name].holds(now_us) for name in maintenance.windows
        ):
            yield f"maintenance: {maintenance.comment}"
    yield from (f"muted by: {other.lead.what}" for other in lasting if _mutes(other, labels, settings))


def muted_by_network(parents: Iterable[Incident], incidents: Iterable[Incident], settings: AlertSettings) -> int:
    """Return how many incidents that last are muted by those of some that are of our own network."""
    lasting = [incident for incident in incidents if incident.phase.lasts]
    return sum(
        incident.id != parent.id and _mutes(parent, incident.labels, settings)
        for parent in parents
        if parent.problem is Problem.NETWORK
        for incident in lasting
    )


def _mutes(parent: Incident, labels: Mapping[str, str], settings: AlertSettings) -> bool:
    if not parent.pages:
        return False
    if parent.problem is Problem.NETWORK:
        here = parent.labels.get("location")
        return labels.get("problem") not in _OURS and labels.get("location", here) == here
    if parent.problem is Problem.LOCATION and parent.lead_subject and not is_check(parent.lead_subject):
        is_missed = labels.get("problem") == Problem.COVERAGE.value
        return is_missed and labels.get("location") == parent.labels.get("location")
    return any(
        all_hold(rule.source, parent.labels)
        and all_hold(rule.target, labels)
        and all(parent.labels.get(name, "") == labels.get(name, "") for name in rule.equal)
        for rule in settings.inhibitions
    )
