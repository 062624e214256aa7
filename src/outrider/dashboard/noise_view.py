"""How much alerts disturbed, and how much of that somebody acted on."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import message_checks, read_incidents, root_of
from outrider.model import Status
from outrider.reports import CheckNoise, Noise, ReceiverNoise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import IncidentLog, Outbox

_ALERTS: Final = frozenset({"trigger", "update", "reminder", "escalation", "resolved"})
"""Kinds of notifications that count as alerts: no tests, reports and notices of the outbox itself."""

_DAY_US: Final = 86_400_000_000
_BY_HAND: Final = re.compile("closed by |assigned to .* by ")


@dataclass(frozen=True, slots=True)
class NoiseBody:
    """How much alerts disturbed in the last days; `noise` is null where there were neither alerts nor incidents."""

    days: int
    noise: Noise | None


def api_noise(sources: Sources, days: int) -> NoiseBody:
    """Return how much alerts disturbed in the last days.

    Raises:
        UsageError: switched-off.
    """
    sources.require("noise", "counting alerts")
    now_us = sources.now_us()
    return NoiseBody(days, alert_noise(sources.store, now_us - days * _DAY_US, now_us))


class NoiseRecords(Protocol):
    """The ports that are read."""

    @property
    def incidents(self) -> IncidentLog:
        """Incidents."""

    @property
    def outbox(self) -> Outbox:
        """Notifications."""


def alert_noise(store: NoiseRecords, since_us: int, until_us: int) -> Noise | None:
    """Return what was sent in that time, and what became of the incidents that lasted in it; None if there were none.

    Somebody acted on an incident who acknowledged, assigned, closed or commented on it. One is folded that follows
    from another one, and stands alone if it is of one check, and nothing follows from it.
    """
    rows = store.outbox.search(
        status=Status.DELIVERED, created_since_us=since_us, created_until_us=until_us, limit=None
    )
    alerts = [row for row in rows if row.kind in _ALERTS]
    opened = read_incidents(store.incidents.search(since_us=since_us, limit=None))
    kept = [incident for incident in opened if incident.opened_us is not None and incident.began_us < until_us]
    if not alerts and not kept:
        return None
    sent = Counter(check for row in alerts for check in message_checks(row))
    happened = Counter(check for incident in kept for check in incident.checks[:1])
    acted = [incident for incident in kept if _is_acted_on(store, incident)]
    acted_on = Counter(check for incident in acted for check in incident.checks[:1])
    loudest = sorted({*sent, *happened}, key=lambda check: (-sent[check], -happened[check], check))
    roots = {incident.id: root for incident in kept if (root := _root(incident, kept, until_us)) is not None}
    joined = roots.keys() | roots.values()
    return Noise(
        len(alerts), len(acted), len(kept),
        tuple(CheckNoise(check, sent[check], happened[check], acted_on[check]) for check in loudest),
        len(roots),
        sum(own.pages and own.check_count <= 1 and own.id not in joined for own in kept),
        sum(not own.pages for own in kept),
        tuple(ReceiverNoise(*pair) for pair in Counter(row.receiver for row in alerts).most_common()),
    )  # fmt: skip


def _is_acted_on(store: NoiseRecords, incident: Incident) -> bool:
    if incident.acknowledged_by or incident.assigned_to:
        return True
    return any(_BY_HAND.match(what) for _, what in incident.events) or bool(store.incidents.comments(incident.id))


def _root(incident: Incident, kept: Sequence[Incident], until_us: int) -> str | None:
    """Return the id of the incident that another one follows from, of those that lasted meanwhile."""
    ended_us = incident.ended_us or until_us
    meanwhile = (
        own
        for own in kept
        if own.began_us < ended_us and (own.ended_us or until_us) > (incident.opened_us or incident.began_us)
    )
    root = root_of(incident, meanwhile)
    return root.id if root is not None else None
