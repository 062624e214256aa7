"""What operators write on the public status page: incidents, as the updates that they consist of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_TITLE_CHARACTERS = 200
MOST_TEXT_CHARACTERS = 5_000


class StatusPhase(StrEnum):
    """Where an incident of the status page is in its life."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    """What an incident of the status page makes of its components, the worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """An update of an incident of the status page; the first one opens it.

    Attributes:
        id: A UUIDv7.
        incident: Public id of the incident, 32 hex digits.
        at_us: When it was written, microseconds UTC.
        text: For the public.
        title: Of the incident from now on; empty if that stays.
        impact: From now on; None if that stays.
        components: Ids of the components that it affects from now on; None if they stay.
    """

    id: str
    incident: str
    at_us: int
    phase: StatusPhase
    text: str
    title: str = ""
    impact: Impact | None = None
    components: tuple[str, ...] | None = None
