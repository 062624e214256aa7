"""What an incident with given labels would lead to: routes, receivers, escalation, and what mutes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from outrider.alerts.mute_reason import mute_reasons
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.alerts.oncall import Level
    from outrider.alerts.route import Route
    from outrider.model import Silence

MOST_LABELS = 100


@dataclass(frozen=True, slots=True)
class LevelPreview:
    """A level of an escalation.

    Attributes:
        after_us: How long after the first notification.
        receivers: Who is notified, of people on call their receivers.
        on_call: Rotation and person who is on call now; nobody if that is empty.
    """

    after_us: int
    receivers: tuple[str, ...]
    on_call: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RoutePreview:
    """A route that takes the incident.

    Attributes:
        matchers: All that led to it, from the root on.
        group: Labels and values that incidents share which are notified of together.
        closed: Why it notifies nobody at this time of the week; empty if it does.
    """

    name: str
    matchers: tuple[str, ...]
    receivers: tuple[str, ...]
    escalation: str
    rounds: int
    levels: tuple[LevelPreview, ...]
    group: tuple[tuple[str, str], ...]
    wait_us: int
    interval_us: int
    repeat_us: int
    closed: str


@dataclass(frozen=True, slots=True)
class RoutingPreview:
    """What would happen.

    Attributes:
        labels: As routes see them, with those that rules add.
        routes: That take the incident.
        muted: Every reason for which nobody is notified now.
        bad: How many runs, of how many, open an incident.
    """

    labels: Mapping[str, str]
    routes: tuple[RoutePreview, ...]
    muted: tuple[str, ...]
    bad: tuple[int, int]


def preview_routing(
    labels: Mapping[str, str],
    settings: AlertSettings,
    silences: Iterable[Silence],
    lasting: Sequence[Incident],
    now_us: int,
) -> RoutingPreview:
    """Return what an incident with these labels would lead to now."""
    labelled = settings.labelled(labels)
    thresholds = settings.thresholds_for(labelled)
    return RoutingPreview(
        labelled,
        tuple(_route(route, labelled, settings, now_us) for route in settings.route.find(labelled)),
        tuple(dict.fromkeys(mute_reasons(labelled, lasting, silences, settings, now_us))),
        (thresholds.bad, thresholds.of),
    )


def parse_labels(lines: Iterable[str]) -> dict[str, str]:
    """Return labels that are written `name=value`, one a line.

    Raises:
        UsageError: bad-argument.
    """
    labels: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in lines)):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise UsageError(f'"{line[:80]}" is no label', slug="bad-argument", fix="write name=value, one a line")
        labels[name.strip()] = value.strip().strip('"')
    if len(labels) > MOST_LABELS:
        raise UsageError(f"{len(labels)} labels are too many", slug="bad-argument", fix=f"at most {MOST_LABELS}")
    return labels


def _route(route: Route, labels: Mapping[str, str], settings: AlertSettings, now_us: int) -> RoutePreview:
    policy = settings.escalations.get(route.escalation)
    levels = policy.levels if policy else ()
    after = accumulate(level.after_us for level in levels)
    return RoutePreview(
        name=route.name, matchers=_matchers(settings.route, route), receivers=route.receivers,
        escalation=route.escalation, rounds=policy.rounds if policy else 0,
        levels=tuple(_level(level, after_us, settings, now_us) for level, after_us in zip(levels, after, strict=True)),
        group=tuple((name, labels.get(name, "")) for name in route.group_by), wait_us=route.wait_us,
        interval_us=route.interval_us, repeat_us=route.repeat_us, closed=_closed(route, settings, now_us),
    )  # fmt: skip


def _level(level: Level, after_us: int, settings: AlertSettings, now_us: int) -> LevelPreview:
    on_call = tuple((name, settings.rotations[name].on_call(now_us)) for name in level.rotations)
    theirs = (receiver for _, person in on_call for receiver in settings.people.get(person, ()))
    return LevelPreview(after_us, tuple(dict.fromkeys((*level.receivers, *theirs))), on_call)


def _matchers(node: Route, wanted: Route) -> tuple[str, ...]:
    """Return the matchers on the way from a node of the tree to another one."""
    own = tuple(map(str, node.matchers))
    if node is wanted:
        return own
    below = next((below for below in node.routes if any(route is wanted for route in below.walk())), None)
    return own if below is None else own + _matchers(below, wanted)


def _closed(route: Route, settings: AlertSettings, now_us: int) -> str:
    within = [name for name in route.muted if settings.windows[name].holds(now_us)]
    if within:
        return f"within the window {within[0]}, in which this route notifies nobody"
    if route.active and not any(settings.windows[name].holds(now_us) for name in route.active):
        return f"outside of the window {', '.join(route.active)}, in which alone this route notifies"
    return ""
