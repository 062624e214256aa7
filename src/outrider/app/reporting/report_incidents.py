"""The incidents of a store, as reports show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.alerts import Incident as Kept
from outrider.alerts import headline, read_incidents
from outrider.app.access.workspace_access import now_us
from outrider.app.lookup.telemetry_access import reach_telemetry
from outrider.app.reporting.planned_capacity import capacity_plans
from outrider.causes import ends_first, reached
from outrider.dashboard import alert_noise, incident_lead_time
from outrider.model import OutriderError
from outrider.real_users import lead_times
from outrider.reports import Capacity, Incident, ServiceRoom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.causes import CapacityPlan
    from outrider.model import ReportRecords
    from outrider.real_users import LeadTimes, RealUserReader
    from outrider.reports import Noise
    from outrider.workspace import Workspace


_WEAK = "weak evidence, nobody was notified"
_MOST_LEADS: Final = 200


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """Incidents and notifications, read from a store.

    Attributes:
        workspace: Whose page views say when users met them; None for nobody's.
    """

    store: ReportRecords
    workspace: Workspace | None = None

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
        """Return how much alerts disturbed in that time; None without alerts and incidents, and where that is off."""
        if self.workspace is not None and not self.workspace.capabilities.noise:
            return None
        return alert_noise(self.store, since_us, until_us)

    def capacity(self, until_us: int) -> Sequence[Capacity]:
        """Return what ends first under each load profile, and how far traffic is from it; nothing where it is off."""
        if self.workspace is None or not self.workspace.capabilities.capacity:
            return ()
        return [_capacity(plan) for plan in capacity_plans(self.workspace, self.store, until_us=until_us)]

    def lead_times(self, since_us: int, until_us: int) -> LeadTimes | None:
        """Return the lead times of the latest incidents that began then; None if page views are out of reach."""
        if self.workspace is None or self.workspace.telemetry is None or not self.workspace.capabilities.telemetry:
            return None
        began = [incident for incident in self._kept(since_us) if since_us <= incident.began_us < until_us]
        if not began:
            return None
        try:
            with reach_telemetry(self.workspace) as reader:
                return self.lead_times_by(reader, sorted(began, key=lambda incident: -incident.began_us)[:_MOST_LEADS])
        except OutriderError:
            return None

    def lead_times_by(self, reader: RealUserReader, incidents: Sequence[Kept]) -> LeadTimes:
        """Return the lead times of incidents, as page views have it.

        Raises:
            TelemetryError: If the page views cannot be asked.
        """
        known = (incident_lead_time(self.store, reader, incident, now_us()) for incident in incidents)
        return lead_times([lead for lead in known if lead is not None])

    def _kept(self, since_us: int) -> list[Kept]:
        kept = read_incidents(self.store.incidents.search(since_us=since_us, limit=None))
        return [incident for incident in kept if incident.opened_us is not None]


def _capacity(plan: CapacityPlan) -> Capacity:
    rooms = tuple(
        ServiceRoom(own.service, own.rate, own.peak, own.headroom, reached(own, plan.until_us)) for own in plan.services
    )
    return Capacity(plan.check, plan.environment, plan.at_us, ends_first(plan), plan.unknown, rooms)
