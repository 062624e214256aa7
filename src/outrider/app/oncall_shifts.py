"""Who is on call in each rotation, now and in the days ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.alert_configuration import alert_settings
from outrider.app.workspace_access import now_us

if TYPE_CHECKING:
    from outrider.alerts import Rotation
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000
_QUARTER_US = 900_000_000


@dataclass(frozen=True, slots=True)
class OnCallShift:
    """Who is on call from a moment on, microseconds UTC; nobody if `person` is empty."""

    from_us: int
    person: str


def shifts_ahead(workspace: Workspace, *, days: int = 7) -> dict[str, tuple[OnCallShift, ...]]:
    """Return the shifts of each rotation from now on, to the quarter of an hour.

    Raises:
        ConfigErrors: If the alert settings are wrong.
    """
    at_us = now_us()
    return {name: _shifts(rotation, at_us, days) for name, rotation in alert_settings(workspace).rotations.items()}


def _shifts(rotation: Rotation, at_us: int, days: int) -> tuple[OnCallShift, ...]:
    shifts: list[OnCallShift] = []
    quarter_us = at_us - at_us % _QUARTER_US + _QUARTER_US
    for moment_us in (at_us, *range(quarter_us, at_us + days * _DAY_US, _QUARTER_US)):
        person = rotation.on_call(moment_us)
        if not shifts or shifts[-1].person != person:
            shifts.append(OnCallShift(moment_us, person))
    return tuple(shifts)
