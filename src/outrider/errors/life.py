"""What events and people make of an issue: a state machine without a clock of its own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from outrider.model import NEXT_RELEASE, Arrival, IssueLife, IssueState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import IgnoredUntil

RECENT_US: Final = 7 * 86_400 * 1_000_000
"""For so long an issue is called new, regressed or escalating; then it is ongoing."""

_RECENT = frozenset({IssueState.NEW, IssueState.REGRESSED, IssueState.ESCALATING})
_VERSION = re.compile(r"(?:(.*)@)?v?(\d+(?:\.\d+)*)(?:\+.*)?")


@dataclass(frozen=True, slots=True)
class Tally:
    """What an issue counts, an event that arrives included: its events and users in all, its events of that hour."""

    events: int
    users: int
    hourly: int


@dataclass(frozen=True, slots=True)
class EventMoment:
    """When an event happened, by which release, and when each release of its project was first seen."""

    at_us: int
    release: str
    releases: Mapping[str, int]


def current(life: IssueLife, now_us: int) -> IssueLife:
    """Return where an issue stands at a time: states that last for a while have then ended."""
    if life.state in _RECENT and now_us - life.since_us >= RECENT_US:
        return IssueLife(IssueState.ONGOING, life.since_us + RECENT_US)
    until_us = life.ignored.until_us if life.ignored is not None else None
    if life.state is IssueState.IGNORED and until_us is not None and now_us >= until_us:
        return IssueLife(IssueState.ONGOING, until_us)
    return life


def arrived(life: IssueLife, event: EventMoment, tally: Tally) -> tuple[IssueLife, Arrival]:
    """Return what an event makes of an issue that was there before it."""
    now = current(life, event.at_us)
    if now.state is IssueState.RESOLVED:
        if not _contradicts(now, event):
            return now, Arrival.RESOLVED
        return IssueLife(IssueState.REGRESSED, event.at_us), Arrival.REGRESSED
    if now.state is IssueState.IGNORED:
        if now.ignored is None or not _is_over(now.ignored, now.events_before, tally):
            return now, Arrival.IGNORED
        return IssueLife(IssueState.ESCALATING, event.at_us), Arrival.ESCALATED
    return now, Arrival.ONGOING


def resolved(now_us: int, fixed_in: str = "") -> IssueLife:
    """Return the life of an issue that is fixed: at once, in `NEXT_RELEASE`, or in a release."""
    return IssueLife(IssueState.RESOLVED, now_us, fixed_in)


def ignored(now_us: int, until: IgnoredUntil) -> IssueLife:
    """Return the life of an issue that is ignored until something happens; the store fills in `events_before`."""
    return IssueLife(IssueState.IGNORED, now_us, ignored=until)


def reopened(now_us: int) -> IssueLife:
    """Return the life of an issue that is open again because somebody said so."""
    return IssueLife(IssueState.ONGOING, now_us)


def counted(life: IssueLife, events: int) -> IssueLife:
    """Return the life with the number of events that there were at the decision."""
    return replace(life, events_before=events) if life.state is IssueState.IGNORED else life


def _contradicts(life: IssueLife, event: EventMoment) -> bool:
    """Return whether an event says that its issue is not fixed.

    What happened before the decision says nothing, nor does an older release. An event that names no release does:
    nobody can tell that it is of an old one.
    """
    if event.at_us <= life.since_us:
        return False
    if not life.fixed_in or not event.release:
        return True
    if life.fixed_in == NEXT_RELEASE:
        return event.releases.get(event.release, event.at_us) > life.since_us
    return is_same_release(event.release, life.fixed_in) or is_later(event.release, life.fixed_in, event.releases)


def is_same_release(release: str, other: str) -> bool:
    """Return whether two names mean one release: people write `2.4` for a client's `shop@2.4`."""
    (package, _, version), (other_package, _, other_version) = release.rpartition("@"), other.rpartition("@")
    return version == other_version and _is_one_package(package, other_package)


def is_later(release: str, other: str, releases: Mapping[str, int]) -> bool:
    """Return whether a release came after another one: by their numbers, else by when each was first seen."""
    left, right = _VERSION.fullmatch(release), _VERSION.fullmatch(other)
    if left and right and _is_one_package(left[1], right[1]) and ("." in left[2] or "." in right[2]):
        return _numbers(left[2]) > _numbers(right[2])
    seen_us = [at_us for name, at_us in releases.items() if is_same_release(name, other)]
    return bool(seen_us) and releases.get(release, 0) > min(seen_us)


def _is_one_package(package: str | None, other: str | None) -> bool:
    return package == other or not package or not other


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number[:18]) for number in version.split("."))


def _is_over(until: IgnoredUntil, events_before: int, tally: Tally) -> bool:
    return (
        (until.events is not None and tally.events - events_before >= until.events)
        or (until.users is not None and tally.users >= until.users)
        or (until.hourly is not None and tally.hourly > until.hourly)
    )
