"""The incidents of a workspace's store, as reports tell them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Incident as Kept
from outrider.alerts import headline, message_checks, read_incident
from outrider.model import Status
from outrider.reports import CheckNoise, Incident, Noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.store import Store

_MOST = 1_000
_MOST_SENT = 1_000_000
_ALERTS = frozenset({"trigger", "update", "reminder", "escalation", "resolved"})
"""Kinds of notifications that count as alerts: no tests, reports and notices of the outbox itself."""


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """Incidents and notifications, read from a store."""

    store: Store

    def incidents(self, since_us: int, until_us: int) -> Sequence[Incident]:
        """Return the incidents that lasted at any time in since_us <= t < until_us, the oldest first."""
        found = [one for one in self._kept(since_us) if one.began_us < until_us]
        return [
            Incident(headline(one), one.checks[0] if one.checks else "", one.began_us, one.ended_us, one.lead.what)
            for one in sorted(found, key=lambda each: each.began_us)
        ]

    def noise(self, since_us: int, until_us: int) -> Noise | None:
        """Return how many alerts went out, and how many incidents somebody took on; None if nobody is told."""
        sent = [
            message_checks(one)
            for one in self.store.outbox.search(status=Status.DELIVERED, limit=_MOST_SENT)
            if since_us <= one.created_us < until_us and one.kind in _ALERTS
        ]
        kept = [one for one in self._kept(since_us) if one.began_us < until_us]
        if not sent and not kept:
            return None
        alerts = Counter(check for checks in sent for check in checks)
        happened = Counter(check for one in kept for check in one.checks[:1])
        acted_on = Counter(check for one in kept if one.acknowledged_by for check in one.checks[:1])
        loudest = sorted({*alerts, *happened}, key=lambda check: (-alerts[check], -happened[check], check))
        checks = tuple(CheckNoise(each, alerts[each], happened[each], acted_on[each]) for each in loudest)
        return Noise(len(sent), sum(bool(one.acknowledged_by) for one in kept), len(kept), checks)

    def _kept(self, since_us: int) -> list[Kept]:
        kept = (read_incident(one) for one in self.store.incidents.search(since_us=since_us, limit=_MOST))
        return [one for one in kept if one.opened_us is not None]
