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
class Turn:
    """Who is on call from a moment on, microseconds UTC; nobody if `person` is empty."""

    from_us: int
    person: str


def turns_ahead(workspace: Workspace, *, days: int = 7) -> dict[str, tuple[Turn, ...]]:
    """Return the turns of each rotation from now on, to the quarter of an hour.

    Raises:
        ConfigErrors: If the alert settings are wrong.
    """
    at_us = now_us()
    return {name: _turns(rotation, at_us, days) for name, rotation in alert_settings(workspace).rotations.items()}


def _turns(rotation: Rotation, at_us: int, days: int) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    quarter_us = at_us - at_us % _QUARTER_US + _QUARTER_US
    for moment_us in (at_us, *range(quarter_us, at_us + days * _DAY_US, _QUARTER_US)):
        person = rotation.on_call(moment_us)
        if not turns or turns[-1].person != person:
            turns.append(Turn(moment_us, person))
    return tuple(turns)
