"""The incidents of a store, as reports show them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Incident as Kept
from outrider.alerts import headline, message_checks, read_incidents
from outrider.model import Status
from outrider.reports import CheckNoise, Incident, Noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import IncidentRecords


_ALERTS = frozenset({"trigger", "update", "reminder", "escalation", "resolved"})
"""Kinds of notifications that count as alerts: no tests, reports and notices of the outbox itself."""

_WEAK = "weak evidence, nobody was notified"


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """Incidents and notifications, read from a store."""

    store: IncidentRecords

    def incidents(self, since_us: int, until_us: int) -> Sequence[Incident]:
        """Return the incidents that lasted at any time in since_us <= t < until_us, the oldest first."""
        kept = [incident for incident in self._kept(since_us) if incident.began_us < until_us]
        return [
            Incident(
                headline(incident),
                incident.checks[0] if incident.checks else "",
                incident.began_us,
                incident.ended_us,
                incident.lead.what if incident.pages else f"{incident.lead.what} ({_WEAK})",
                incident.severity.value,
                max(incident.check_count, len(incident.checks)),
            )
            for incident in sorted(kept, key=lambda incident: incident.began_us)
        ]

    def noise(self, since_us: int, until_us: int) -> Noise | None:
        """Return how many alerts went out, and how many incidents were acknowledged; None if there were neither."""
        rows = self.store.outbox.search(
            status=Status.DELIVERED, created_since_us=since_us, created_until_us=until_us, limit=None
        )
        sent = [message_checks(row) for row in rows if row.kind in _ALERTS]
        kept = [incident for incident in self._kept(since_us) if incident.began_us < until_us]
        if not sent and not kept:
            return None
        alerts = Counter(check for checks in sent for check in checks)
        happened = Counter(check for incident in kept for check in incident.checks[:1])
        acted_on = Counter(check for incident in kept if incident.acknowledged_by for check in incident.checks[:1])
        loudest = sorted({*alerts, *happened}, key=lambda check: (-alerts[check], -happened[check], check))
        checks = tuple(CheckNoise(check, alerts[check], happened[check], acted_on[check]) for check in loudest)
        acknowledged = sum(bool(incident.acknowledged_by) for incident in kept)
        return Noise(len(sent), acknowledged, len(kept), checks)

    def _kept(self, since_us: int) -> list[Kept]:
        kept = read_incidents(self.store.incidents.search(since_us=since_us, limit=None))
        return [incident for incident in kept if incident.opened_us is not None]
