"""When a group of incidents is told of, and to whom: wait, interval, repeat, and the climb of an escalation. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.alerts.incident import Phase
from outrider.alerts.notification_kind import NotificationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.alerts.oncall import Level
    from outrider.alerts.route import Route

_CLOSED_WINDOW_US = 60_000_000  # how often a closed window is looked at again
_ACKNOWLEDGED = "acknowledged"
_GROWN = 10  # times as many subjects are news within one incident


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents that are told of together; times in microseconds UTC.

    Attributes:
        key: Route and the values that they share: the topic of all its notifications.
        route: Name of the route.
        incidents: Their ids.
        due_us: When to look at it next.
        told: What was told last of each: whether it flapped or was taken on, and how many subjects it had.
        told_us: When; None if never.
        receivers: Everybody who was told, for the end of it.
        policy: The escalation that is climbed; empty for none.
        level: The rung to climb next.
        level_due_us: When; None if the climb is over.
        rounds: How often it reached the top.
    """

    key: str
    route: str
    incidents: tuple[str, ...]
    due_us: int
    told: tuple[tuple[str, str, int], ...] = ()
    told_us: int | None = None
    receivers: tuple[str, ...] = ()
    policy: str = ""
    level: int = 0
    level_due_us: int | None = None
    rounds: int = 0

    def next_us(self) -> int:
        """Return when anything is due."""
        return self.due_us if self.level_due_us is None else min(self.due_us, self.level_due_us)

    def shifted(self, by_us: int) -> Group:
        """Return the group on a clock that was set by so much."""
        told_us = None if self.told_us is None else self.told_us + by_us
        level_due_us = None if self.level_due_us is None else self.level_due_us + by_us
        return replace(self, due_us=self.due_us + by_us, told_us=told_us, level_due_us=level_due_us)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Something to tell: what for, to whom, of which incidents."""

    kind: NotificationKind
    receivers: tuple[str, ...]
    incidents: tuple[Incident, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to see when a group is looked at.

    Attributes:
        incidents: Of the group.
        muted: Ids of those that are muted now.
    """

    incidents: tuple[Incident, ...]
    muted: frozenset[str]
    route: Route
    settings: AlertSettings
    now_us: int


def flush(group: Group, look: Look) -> tuple[Group | None, tuple[Dispatch, ...]]:
    """Return the group after it was looked at, None if all is told, and what is to be told."""
    now_us, route = look.now_us, look.route
    if not _is_open(look):
        later_us = now_us + _CLOSED_WINDOW_US
        return replace(group, due_us=later_us, level_due_us=None if group.level_due_us is None else later_us), ()
    lasting = tuple(one for one in look.incidents if one.phase.lasts and one.id not in look.muted)
    known = {identity for identity, _, _ in group.told}
    if not any(one.phase.lasts or one.phase is Phase.PENDING for one in look.incidents):
        ended = tuple(one for one in look.incidents if one.id in known)
        return None, (Dispatch(NotificationKind.RESOLVED, group.receivers, ended),) if ended else ()
    kind = _kind(group, lasting, known, look)
    group = replace(group, due_us=now_us + route.interval_us)
    tellings: list[Dispatch] = []
    if kind is not None:
        receivers = (
            group.receivers if kind is NotificationKind.ACKNOWLEDGED else _united(route.receivers, group.receivers)
        )
        group = _noted(group, look.incidents, lasting, receivers=receivers, now_us=now_us)
        tellings.append(Dispatch(kind, receivers, lasting))
    group, climbed = _climb(group, lasting, look, begins=kind is NotificationKind.TRIGGER)
    return group, tuple(_merged([*tellings, *climbed]))


def _is_open(look: Look) -> bool:
    windows, route = look.settings.windows, look.route
    if any(windows[one].holds(look.now_us) for one in route.muted):
        return False
    return not route.active or any(windows[one].holds(look.now_us) for one in route.active)


def _kind(group: Group, lasting: Sequence[Incident], known: set[str], look: Look) -> NotificationKind | None:
    """Return what there is to tell, if anything."""
    if not lasting:
        return None
    if group.told_us is None:
        return NotificationKind.TRIGGER
    told = {identity: (phase, affected) for identity, phase, affected in group.told}
    fresh = [one for one in lasting if one.id not in known]
    acknowledged = [one for one in lasting if one.acknowledged_by]
    if any(one.id in told and _ACKNOWLEDGED not in told[one.id][0] for one in acknowledged) and not fresh:
        return NotificationKind.ACKNOWLEDGED
    if look.now_us - group.told_us < look.route.interval_us:
        return None
    if fresh or any(_is_news(one, *told[one.id]) for one in lasting):
        return NotificationKind.UPDATE
    tired = look.now_us - group.told_us >= look.route.repeat_us
    return NotificationKind.REMINDER if tired and len(acknowledged) < len(lasting) else None


def _is_news(incident: Incident, told: str, affected: int) -> bool:
    flaps = incident.phase is Phase.FLAPPING and Phase.FLAPPING not in told
    return flaps or incident.affected >= _GROWN * max(1, affected)


def _noted(
    group: Group, present: Sequence[Incident], lasting: Sequence[Incident], *, receivers: tuple[str, ...], now_us: int
) -> Group:
    told = {identity: (identity, phase, affected) for identity, phase, affected in group.told}
    for one in lasting:
        marks = [one.phase.value] if one.phase is Phase.FLAPPING else []
        told[one.id] = (one.id, ",".join([*marks, *([_ACKNOWLEDGED] if one.acknowledged_by else [])]), one.affected)
    there = {one.id for one in present}
    kept = tuple(each for identity, each in told.items() if identity in there)
    return replace(group, told=kept, told_us=now_us, receivers=receivers)


def _climb(group: Group, lasting: Sequence[Incident], look: Look, *, begins: bool) -> tuple[Group, list[Dispatch]]:
    """Climb at most the rungs that are due now: the next one's delay counts from this moment.

    A clock that jumped ahead therefore climbs one rung, not all of them.
    """
    if begins and look.route.escalation:
        group = replace(group, policy=look.route.escalation, level=0, rounds=0)
        group = replace(group, level_due_us=look.now_us + _levels(group, look)[0].after_us)
    open_ones = tuple(one for one in lasting if not one.acknowledged_by)
    tellings: list[Dispatch] = []
    if (lasting and not open_ones) or group.policy not in look.settings.escalations:
        return replace(group, level_due_us=None), tellings
    while group.level_due_us is not None and group.level_due_us <= look.now_us and open_ones:
        levels = _levels(group, look)
        level = levels[min(group.level, len(levels) - 1)]
        receivers, note = _called(level, look)
        number = group.level + 1
        group = _next_rung(group, look, at_once=not receivers)
        if receivers:
            tellings.append(
                Dispatch(NotificationKind.ESCALATION, receivers, open_ones, note or f"escalation, level {number}")
            )
            group = replace(group, receivers=_united(group.receivers, receivers))
    return group, tellings


def _levels(group: Group, look: Look) -> tuple[Level, ...]:
    return look.settings.escalations[group.policy].levels


def _called(level: Level, look: Look) -> tuple[tuple[str, ...], str]:
    """Return the receivers of a rung, and what to say where nobody is on call."""
    receivers, absent = level.receivers, []
    for name in level.rotations:
        person = look.settings.rotations[name].on_call(look.now_us)
        receivers = _united(receivers, look.settings.people.get(person, ()))
        if not person:
            absent.append(name)
    return receivers, f"nobody is on call in {', '.join(absent)}" if absent else ""


def _next_rung(group: Group, look: Look, *, at_once: bool) -> Group:
    policy = look.settings.escalations[group.policy]
    level, rounds = group.level + 1, group.rounds
    if level >= len(policy.levels):
        level, rounds = 0, rounds + 1
        if rounds >= policy.rounds:
            if not policy.then:
                return replace(group, level=level, rounds=rounds, level_due_us=None)
            group, rounds = replace(group, policy=policy.then), 0
    group = replace(group, level=level, rounds=rounds)
    after_us = 0 if at_once and (level or rounds) else _levels(group, look)[level].after_us
    return replace(group, level_due_us=look.now_us + after_us)


def _merged(tellings: Sequence[Dispatch]) -> list[Dispatch]:
    """Leave out who is told by an earlier one already."""
    told: set[str] = set()
    kept = []
    for one in tellings:
        receivers = tuple(name for name in one.receivers if name not in told)
        told |= set(receivers)
        if receivers:
            kept.append(replace(one, receivers=receivers))
    return kept


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
