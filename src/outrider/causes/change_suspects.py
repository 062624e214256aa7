"""Which change before a problem may have caused it: how unlikely it is that chance puts one so near. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

FALSE_SHARE: Final = 0.05
"""Of problems that nothing known has caused, at most so many have a change that stands out."""

JOINING_CHANCE: Final = 0.02
"""A change brings incidents together only if chance alone puts one so near so seldom: both might follow it."""

LOOKED_BACK_US: Final = 86_400 * 10**6
_LATE_US: Final = 60 * 10**6
"""What people and pipelines note comes so late at most."""

_FOLLOWS_US: Final = 600 * 10**6
"""Within so long a sign of the same problem follows it."""

_MOST: Final = 5
_MADE_SHARE: Final = 0.7


class ChangeKind(StrEnum):
    """What changed; from `ISSUE` on these are signs of what happens, and no cause that somebody made."""

    RELEASE = "release"
    VERSION = "new version"
    EVENT = "event"
    LOAD = "load"
    CERTIFICATE = "certificate"
    ADDRESS = "DNS answer"
    PROBER = "prober"
    PROBER_LOAD = "load on the prober"
    METRIC = "metric"
    ASSET = "script or style sheet"
    ISSUE = "new error"
    PATTERN = "new log pattern"
    INCIDENT = "another incident"

    @property
    def is_sign(self) -> bool:
        """Whether it shows what happens, and does not say why."""
        return self in {ChangeKind.ISSUE, ChangeKind.PATTERN, ChangeKind.INCIDENT}

    @property
    def is_measured(self) -> bool:
        """Whether the check's own runs say since when it is: nobody notes it late."""
        return self in {ChangeKind.ADDRESS, ChangeKind.PROBER, ChangeKind.ASSET}

    @property
    def weight(self) -> float:
        """Its part of what may stand out by chance: seven tenths are for what people change in a live system.

        So many outages come from that (Beyer et al., Site Reliability Engineering, 2016, chapter 1).
        """
        made = (ChangeKind.RELEASE, ChangeKind.VERSION, ChangeKind.EVENT)
        return _MADE_SHARE / len(made) if self in made else (1 - _MADE_SHARE) / (len(ChangeKind) - len(made))


@dataclass(frozen=True, slots=True)
class Change:
    """A change: when, microseconds UTC, what a reader calls it, and the path of its page, empty for none."""

    at_us: int
    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes of a kind that may have to do with the problem, in a time before it and until now.

    Attributes:
        watched_us: How long that time is: how many come by chance follows from it.
    """

    kind: ChangeKind
    changes: Sequence[Change]
    watched_us: int


@dataclass(frozen=True, slots=True)
class ChangeSuspect:
    """A change that came near to where a problem began.

    Attributes:
        before_us: How long before; below zero for after.
        chance: How likely one of its kind comes so near by chance.
        stands_out: Whether that is less than what all kinds together bring now and then.
        beside: What else of its kind came within a minute of it, and may as well be the cause.
    """

    kind: ChangeKind
    change: Change
    before_us: int
    chance: float
    stands_out: bool
    beside: tuple[str, ...] = ()

    @property
    def weighed(self) -> float:
        """Its chance over the weight of its kind: the smaller, the likelier the cause."""
        return self.chance / self.kind.weight


def change_suspects(histories: Sequence[Changes], began_us: int, uncertain_us: int) -> tuple[ChangeSuspect, ...]:
    """Return the nearest change of each kind before a problem began, those that stand out first, causes before signs.

    Changes of a kind that come by chance come at any time alike, so often as they were seen. A cause comes before the
    problem, or is noted a minute late unless the check's own runs tell of it; a sign may follow within ten. Each kind
    is a test: Holm's step-down procedure (1979) with weights, over those kinds alone that could stand out at all, so
    often as they come (Tarone, 1990, in the form of Hommel and Krummenauer, 1998).

    Args:
        histories: One of each kind that is watched.
        began_us: When the first run was due that shows the problem.
        uncertain_us: How long before that the last good run was: the problem may have begun at any time since then.
    """
    near = [suspect for history in histories if (suspect := _nearest(history, began_us, uncertain_us)) is not None]
    least = {own.kind: _chance(own, uncertain_us) / own.kind.weight for own in histories if own.changes}
    standing: set[ChangeKind] = set()
    while fresh := {own.kind for own in near if own.weighed <= _bound(least, standing)} - standing:
        standing |= fresh
    judged = [replace(own, stands_out=own.kind in standing) for own in near]
    judged.sort(key=lambda own: (not own.stands_out, own.stands_out and own.kind.is_sign, own.weighed))
    return tuple(judged[:_MOST])


def _bound(least: Mapping[ChangeKind, float], standing: Collection[ChangeKind]) -> float:
    """Return the largest bound of weighed chances that keeps to the share of false ones.

    Args:
        least: The smallest chance, over its weight, that each kind can have.
        standing: The kinds that stand out already.
    """
    left = sorted((own, kind.weight) for kind, own in least.items() if kind not in standing)
    bound = weights = 0.0
    for own, weight in left:
        weights += weight
        if own * weights > FALSE_SHARE:
            return min(bound, math.nextafter(own, 0.0))
        bound = FALSE_SHARE / weights
    return bound


def _nearest(history: Changes, began_us: int, uncertain_us: int) -> ChangeSuspect | None:
    late_us = 0 if history.kind.is_measured else _late_us(history.kind)
    near = [own for own in history.changes if -late_us <= began_us - own.at_us <= LOOKED_BACK_US]
    if not near:
        return None
    change = min(near, key=lambda own: (abs(began_us - own.at_us), own.text))
    before_us = began_us - change.at_us
    chance = _chance(history, max(before_us, uncertain_us))
    others = {own.text: None for own in near if abs(own.at_us - change.at_us) <= _LATE_US and own.text != change.text}
    return ChangeSuspect(history.kind, change, before_us, chance, stands_out=False, beside=tuple(others))


def _chance(history: Changes, before_us: int) -> float:
    """Return how likely one of so many changes comes so near, or nearer, by chance."""
    share = (before_us + _late_us(history.kind)) / max(history.watched_us, 1)
    return -math.expm1(len(history.changes) * math.log1p(-share)) if share < 1 else 1.0


def _late_us(kind: ChangeKind) -> int:
    return _FOLLOWS_US if kind.is_sign else _LATE_US
