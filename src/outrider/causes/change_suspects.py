"""Which change before a problem may have caused it: how unlikely it is that chance puts one so near. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FALSE_SHARE: Final = 0.05
"""Of problems that nothing known has caused, at most so many have a change that stands out (Holm 1979)."""

LOOKED_BACK_US: Final = 86_400 * 10**6
_LATE_US: Final = 60 * 10**6
"""What people and pipelines note comes so late at most."""

_FOLLOWS_US: Final = 600 * 10**6
"""Within so long a sign of the same problem follows it."""

_MOST: Final = 5


class ChangeKind(StrEnum):
    """What changed; from `ISSUE` on these are signs of what happens, and no cause that somebody made."""

    RELEASE = "release"
    VERSION = "new version"
    EVENT = "event"
    LOAD = "load"
    CERTIFICATE = "certificate"
    ADDRESS = "DNS answer"
    PROBER = "prober"
    ISSUE = "new error"
    PATTERN = "new log pattern"
    INCIDENT = "another incident"

    @property
    def is_sign(self) -> bool:
        """Whether it shows what happens, and does not say why."""
        return self in {ChangeKind.ISSUE, ChangeKind.PATTERN, ChangeKind.INCIDENT}


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
    """

    kind: ChangeKind
    change: Change
    before_us: int
    chance: float
    stands_out: bool


def change_suspects(histories: Sequence[Changes], began_us: int, uncertain_us: int) -> tuple[ChangeSuspect, ...]:
    """Return the nearest change of each kind before a problem began, those that stand out first, causes before signs.

    Changes of a kind that come by chance come at any time alike (Poisson), so often as they were seen. A cause comes
    before the problem, or is noted a minute late; a sign may follow within ten.

    Args:
        histories: One of each kind that is watched; each counts as a test, whether anything changed or not.
        began_us: When the first run was due that shows the problem.
        uncertain_us: How long before that the last good run was: the problem may have begun at any time since then.
    """
    nearest = [suspect for history in histories if (suspect := _nearest(history, began_us, uncertain_us)) is not None]
    nearest.sort(key=lambda suspect: suspect.chance)
    bounds = [FALSE_SHARE / (len(histories) - place) for place in range(len(nearest))]
    until = next((place for place, own in enumerate(nearest) if own.chance > bounds[place]), len(nearest))
    judged = [
        ChangeSuspect(own.kind, own.change, own.before_us, own.chance, stands_out=place < until)
        for place, own in enumerate(nearest)
    ]
    judged.sort(key=lambda own: (not own.stands_out, own.stands_out and own.kind.is_sign, own.chance))
    return tuple(judged[:_MOST])


def _nearest(history: Changes, began_us: int, uncertain_us: int) -> ChangeSuspect | None:
    late_us = _FOLLOWS_US if history.kind.is_sign else _LATE_US
    near = [own for own in history.changes if -late_us <= began_us - own.at_us <= LOOKED_BACK_US]
    if not near:
        return None
    change = min(near, key=lambda own: (abs(began_us - own.at_us), own.text))
    before_us = began_us - change.at_us
    expected = len(history.changes) / max(history.watched_us, 1) * (max(before_us, uncertain_us) + late_us)
    return ChangeSuspect(history.kind, change, before_us, -math.expm1(-expected), stands_out=False)
