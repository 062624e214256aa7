"""Who is on call now and next, in each rotation: as a page, and as the API answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_templates import render
from outrider.dashboard.period_slots import DAY_US

if TYPE_CHECKING:
    from outrider.alerts import Rotation
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources

USUAL_DAYS_AHEAD, MOST_DAYS_AHEAD = 28, 366
_MOST_TURNS = 100


@dataclass(frozen=True, slots=True)
class TurnItem:
    """Who is on call from a moment on; nobody if `person` is empty. `receivers` are that person's."""

    begins: str | None
    person: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RotationItem:
    """A rotation, who is on call now, and the turns of the days ahead, this one first.

    `escalations` are those that call it.
    """

    name: str
    now: str
    turns: tuple[TurnItem, ...]
    escalations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnCallBody:
    """Who is on call; `timezone` is the workspace's."""

    timezone: str
    rotations: tuple[RotationItem, ...]


@dataclass(frozen=True, slots=True)
class RotationView:
    """A rotation on a page; turns have the moment, microseconds UTC, the person, and that person's receivers."""

    name: str
    turns: tuple[tuple[int, str, tuple[str, ...]], ...]
    escalations: tuple[str, ...]


def rotations_ahead(sources: Sources, days: int) -> tuple[RotationView, ...]:
    """Return each rotation with its turns from now on."""
    settings = sources.alerts
    if settings is None:
        return ()
    now_us = sources.now_us()

    def turns(rotation: Rotation) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
        ahead = rotation.turns(now_us, now_us + days * DAY_US, _MOST_TURNS)
        return tuple((at_us, person, settings.people.get(person, ())) for at_us, person in ahead)

    return tuple(
        RotationView(name, turns(rotation), _calling(sources, name)) for name, rotation in settings.rotations.items()
    )


def _calling(sources: Sources, rotation: str) -> tuple[str, ...]:
    """Return the escalations that call a rotation."""
    escalations = sources.alerts.escalations if sources.alerts else {}
    return tuple(
        name for name, policy in escalations.items() if any(rotation in level.rotations for level in policy.levels)
    )


def on_call_page(sources: Sources, context: PageContext) -> str:
    """Return the page."""
    rotations = rotations_ahead(sources, USUAL_DAYS_AHEAD)
    return render("on_call.html", context, {"rotations": rotations, "is_loaded": sources.alerts is not None})


def api_on_call(sources: Sources, days: int) -> OnCallBody:
    """Return the rotations for the API."""
    rotations = tuple(
        RotationItem(
            rotation.name, rotation.turns[0][1],
            tuple(TurnItem(instant(at_us), person, receivers) for at_us, person, receivers in rotation.turns),
            rotation.escalations,
        )
        for rotation in rotations_ahead(sources, days)
    )  # fmt: skip
    return OnCallBody(sources.service().timezone, rotations)
