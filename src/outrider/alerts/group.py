"""When a group of incidents is notified of, and who: wait, interval, repeat, and the levels of an escalation. Pure."""

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
_UNEXPLAINED = "unexplained"
_GROWN = 3  # times as many subjects are news within one incident


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents that share their notifications; times in microseconds UTC.

    Attributes:
        key: Route and the values that they share: the topic of all its notifications.
        route: Name of the route.
        incidents: Their ids.
        due_us: When to look at it next.
        last_notified: By incident: whether it flapped, was acknowledged or unexplained, and how many subjects it had.
        last_notified_us: When that was; None before the first notification.
        receivers: Everybody who was notified, for the resolution.
        policy: The escalation under way; empty for none.
        level: The level to notify next.
        level_due_us: When; None if the escalation is over.
        rounds: How often all levels were notified.
        thread: Identity of the first notification, under which mails form a thread.
    """

    key: str
    route: str
    incidents: tuple[str, ...]
    due_us: int
    last_notified: tuple[tuple[str, str, int], ...] = ()
    last_notified_us: int | None = None
    receivers: tuple[str, ...] = ()
    policy: str = ""
    level: int = 0
    level_due_us: int | None = None
    rounds: int = 0
    thread: str = ""

    def next_us(self) -> int:
        """Return when anything is due."""
        return self.due_us if self.level_due_us is None else min(self.due_us, self.level_due_us)

    def told_unexplained(self, incident: str) -> bool:
        """Return whether an incident was notified of before anything explained it."""
        return any(incident == identity and _UNEXPLAINED in state for identity, state, _ in self.last_notified)

    def shifted(self, by_us: int) -> Group:
        """Return the group on a clock that was set by so much."""
        last_notified_us = None if self.last_notified_us is None else self.last_notified_us + by_us
        level_due_us = None if self.level_due_us is None else self.level_due_us + by_us
        return replace(self, due_us=self.due_us + by_us, last_notified_us=last_notified_us, level_due_us=level_due_us)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A notification to be sent: its kind, receivers and incidents.

    Attributes:
        unanswered: Whether somebody was notified before and nobody acknowledged.
    """

    kind: NotificationKind
    receivers: tuple[str, ...]
    incidents: tuple[Incident, ...]
    note: str = ""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The state in which a group is evaluated.

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
    """Return the group after its evaluation, None once its resolution is notified, and what is to be sent."""
    now_us, route = look.now_us, look.route
    if not _is_open(look):
        later_us = now_us + _CLOSED_WINDOW_US
        return replace(group, due_us=later_us, level_due_us=None if group.level_due_us is None else later_us), ()
    lasting = tuple(incident for incident in look.incidents if incident.phase.lasts and incident.id not in look.muted)
    notified = {identity for identity, _, _ in group.last_notified}
    if not any(incident.phase.lasts or incident.phase is Phase.PENDING for incident in look.incidents):
        ended = tuple(incident for incident in look.incidents if incident.id in notified)
        return None, (Dispatch(NotificationKind.RESOLVED, group.receivers, ended),) if ended else ()
    kind = _kind(group, lasting, notified, look)
    group = replace(group, due_us=now_us + route.interval_us)
    dispatches: list[Dispatch] = []
    if kind is not None:
        receivers = (
            group.receivers if kind is NotificationKind.ACKNOWLEDGED else _united(route.receivers, group.receivers)
        )
        note = (
            "what explains it was found since"
            if kind is NotificationKind.UPDATE and _is_explained(group, lasting)
            else ""
        )
        group = _noted(group, look.incidents, lasting, receivers=receivers, now_us=now_us)
        dispatches.append(Dispatch(kind, receivers, lasting, note))
    group, climbed = _climb(group, lasting, look, begins=kind is NotificationKind.TRIGGER)
    return group, tuple(_merged([*dispatches, *climbed]))


def _is_open(look: Look) -> bool:
    windows, route = look.settings.windows, look.route
    if any(windows[window_name].holds(look.now_us) for window_name in route.muted):
        return False
    return not route.active or any(windows[window_name].holds(look.now_us) for window_name in route.active)


def _kind(group: Group, lasting: Sequence[Incident], notified: set[str], look: Look) -> NotificationKind | None:
    """Return the kind of notification that is due, if any."""
    if not lasting:
        return None
    if group.last_notified_us is None:
        return NotificationKind.TRIGGER
    last_state = {identity: (phase, affected) for identity, phase, affected in group.last_notified}
    fresh = [incident for incident in lasting if incident.id not in notified]
    acknowledged = [incident for incident in lasting if incident.acknowledged_by]
    if (
        any(incident.id in last_state and _ACKNOWLEDGED not in last_state[incident.id][0] for incident in acknowledged)
        and not fresh
    ):
        return NotificationKind.ACKNOWLEDGED
    explained = _is_explained(group, lasting)
    if look.now_us - group.last_notified_us < look.route.interval_us and not explained:
        return None
    if explained or fresh or any(_is_news(incident, *last_state[incident.id]) for incident in lasting):
        return NotificationKind.UPDATE
    tired = look.now_us - group.last_notified_us >= look.route.repeat_us
    return NotificationKind.REMINDER if tired and len(acknowledged) < len(lasting) else None


def _is_explained(group: Group, lasting: Sequence[Incident]) -> bool:
    """Return whether something explains an incident that was told of without, while nobody has acknowledged it."""
    return any(group.told_unexplained(own.id) and own.is_explained and not own.acknowledged_by for own in lasting)


def _is_news(incident: Incident, last_state: str, affected: int) -> bool:
    flaps = incident.phase is Phase.FLAPPING and Phase.FLAPPING not in last_state
    return flaps or incident.affected >= _GROWN * max(1, affected)


def _noted(
    group: Group, present: Sequence[Incident], lasting: Sequence[Incident], *, receivers: tuple[str, ...], now_us: int
) -> Group:
    last_state = {identity: (identity, phase, affected) for identity, phase, affected in group.last_notified}
    for incident in lasting:
        marks = {
            incident.phase.value: incident.phase is Phase.FLAPPING,
            _ACKNOWLEDGED: bool(incident.acknowledged_by),
            _UNEXPLAINED: not incident.is_explained,
        }
        state = ",".join(mark for mark, is_set in marks.items() if is_set)
        last_state[incident.id] = (incident.id, state, incident.affected)
    there = {incident.id for incident in present}
    kept = tuple(state for identity, state in last_state.items() if identity in there)
    return replace(group, last_notified=kept, last_notified_us=now_us, receivers=receivers)


def _climb(group: Group, lasting: Sequence[Incident], look: Look, *, begins: bool) -> tuple[Group, list[Dispatch]]:
    """Notify the levels that are due now; the delay of the next one counts from this moment.

    A clock that jumped ahead therefore notifies one level, not all of them.
    """
    if begins and look.route.escalation:
        group = replace(group, policy=look.route.escalation, level=0, rounds=0)
        group = replace(group, level_due_us=look.now_us + _levels(group, look)[0].after_us)
    open_ones = tuple(incident for incident in lasting if not incident.acknowledged_by)
    dispatches: list[Dispatch] = []
    if (lasting and not open_ones) or group.policy not in look.settings.escalations:
        return replace(group, level_due_us=None), dispatches
    while group.level_due_us is not None and group.level_due_us <= look.now_us and open_ones:
        levels = _levels(group, look)
        level = levels[min(group.level, len(levels) - 1)]
        receivers, note = _called(level, look)
        number = group.level + 1
        group = _next_level(group, look, at_once=not receivers)
        if receivers:
            dispatches.append(
                Dispatch(
                    NotificationKind.ESCALATION,
                    receivers,
                    open_ones,
                    note or f"escalation, level {number}",
                    unanswered=not begins,
                )
            )
            group = replace(group, receivers=_united(group.receivers, receivers))
    return group, dispatches


def _levels(group: Group, look: Look) -> tuple[Level, ...]:
    return look.settings.escalations[group.policy].levels


def _called(level: Level, look: Look) -> tuple[tuple[str, ...], str]:
    """Return the receivers of a level, and a note where nobody is on call."""
    receivers, absent = level.receivers, []
    for name in level.rotations:
        person = look.settings.rotations[name].on_call(look.now_us)
        receivers = _united(receivers, look.settings.people.get(person, ()))
        if not person:
            absent.append(name)
    return receivers, f"nobody is on call in {', '.join(absent)}" if absent else ""


def _next_level(group: Group, look: Look, *, at_once: bool) -> Group:
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


def _merged(dispatches: Sequence[Dispatch]) -> list[Dispatch]:
    """Leave out receivers that an earlier dispatch notifies already."""
    notified: set[str] = set()
    kept = []
    for dispatch in dispatches:
        receivers = tuple(name for name in dispatch.receivers if name not in notified)
        notified |= set(receivers)
        if receivers:
            kept.append(replace(dispatch, receivers=receivers))
    return kept


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
