"""Who is on call in each rotation, now and in the days ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import now_us
from outrider.app.alerting.alert_configuration import alert_settings

if TYPE_CHECKING:
    from outrider.alerts import Rotation
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class OnCallShift:
    """Who is on call from a moment on, microseconds UTC; nobody if `person` is empty."""

    from_us: int
    person: str


def shifts_ahead(workspace: Workspace, *, days: int = 7) -> dict[str, tuple[OnCallShift, ...]]:
    """Return the shifts of each rotation from now on.

    Raises:
        ConfigErrors: If the alert settings are wrong.
    """
    at_us = now_us()
    return {name: _shifts(rotation, at_us, days) for name, rotation in alert_settings(workspace).rotations.items()}


def _shifts(rotation: Rotation, at_us: int, days: int) -> tuple[OnCallShift, ...]:
    return tuple(OnCallShift(from_us, person) for from_us, person in rotation.turns(at_us, at_us + days * _DAY_US))
