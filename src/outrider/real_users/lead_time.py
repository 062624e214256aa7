"""How long before real users a prober saw a problem. Pure.

Visits are counted by the time of their first view with trouble. What troubles some of them on any day is not the
incident's: one in a hundred counts beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.real_users.vital_answer import TroubledVisits

DAY_US: Final = 86_400 * 10**6
_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class LeadTime:
    """When a prober and users met a problem; microseconds UTC.

    Attributes:
        seen_us: When the first run that shows it was due; None if no prober saw it.
        first_us: When the first visit met it; None if none did.
        hundredth_us: When as many visits had met it as are one in a hundred of the day before; None if so many did not.
        visits: Of the day before.
        usual_share: Of those, the share that met trouble of the kind.
    """

    seen_us: int | None
    first_us: int | None
    hundredth_us: int | None
    visits: int
    usual_share: float

    @property
    def over_first_us(self) -> int | None:
        """How long before the first visit the prober saw it; negative if after it; None if either did not meet it."""
        return None if self.first_us is None or self.seen_us is None else self.first_us - self.seen_us

    @property
    def over_hundredth_us(self) -> int | None:
        """How long before one in a hundred visits the prober saw it; None if either did not meet it."""
        return None if self.hundredth_us is None or self.seen_us is None else self.hundredth_us - self.seen_us


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Lead times of several incidents; medians are of those that a prober saw and that reached so many, or None.

    Attributes:
        incidents: Whose visits are known.
        reached: How many reached anybody, and `before_users` of how many a prober saw it before the first one;
            `unseen` are those of them that no prober saw.
        hundredth: How many reached one in a hundred.
    """

    incidents: int
    reached: int
    before_users: int
    hundredth: int
    median_over_first_us: float | None
    median_over_hundredth_us: float | None
    unseen: int = 0


def lead_time(seen_us: int | None, since_us: int, before: TroubledVisits, after: TroubledVisits) -> LeadTime | None:
    """Return the lead time of an incident; None where the day before has no visit: nobody is there to be reached.

    Args:
        seen_us: When a prober saw it; None if none did.
        since_us: From when on visits may have met it.
        before: Of the day before `since_us`.
        after: From then on, as long as it lasted.
    """
    if not before.visits:
        return None
    usual = min(before.troubled / before.visits, 1.0)
    troubled, hundredth_us = 0, None
    for at_us, count in after.first_met:
        troubled += count
        if troubled >= before.visits * (_SHARE + usual * (at_us - since_us) / DAY_US):
            hundredth_us = at_us
            break
    first_us = after.first_met[0][0] if after.first_met else None
    return LeadTime(seen_us, first_us, hundredth_us, before.visits, usual)


def lead_times(known: Sequence[LeadTime]) -> LeadTimes:
    """Return the lead times of several incidents."""
    first = [own.over_first_us for own in known if own.over_first_us is not None]
    hundredth = [own.over_hundredth_us for own in known if own.over_hundredth_us is not None]
    reached = [own for own in known if own.first_us is not None]
    return LeadTimes(
        len(known), len(reached), sum(us >= 0 for us in first), sum(own.hundredth_us is not None for own in known),
        median(first) if first else None, median(hundredth) if hundredth else None,
        sum(own.seen_us is None for own in reached),
    )  # fmt: skip
