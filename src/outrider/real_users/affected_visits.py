"""How many visits a problem has reached so far, beyond those that meet trouble on any day. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from outrider.real_users.vital_answer import TroubledVisits

_CHANCE: Final = 0.05
_TINY: Final = 1e-9
_LEAST_VISITS: Final = 60
"""None of so many would be chance in 5 % of problems that reach one in twenty (rule of three)."""


@dataclass(frozen=True, slots=True)
class AffectedVisits:
    """Visits since a problem may have begun.

    Attributes:
        troubled: Of `visits`, those that met trouble of its kind.
        usual_share: That meets it on any day.
        is_more: Whether that is more than chance explains.
    """

    visits: int
    troubled: int
    usual_share: float
    is_more: bool


def affected_visits(before: TroubledVisits, after: TroubledVisits) -> AffectedVisits | None:
    """Return how many visits met a problem; None where too few came to know that it reached nobody.

    Args:
        before: Of the day before it.
        after: Since it may have begun.
    """
    visits, troubled = after.visits, min(after.troubled, after.visits)
    if not before.visits:
        return None
    usual = min(before.troubled / before.visits, 1.0)
    likely = min((before.troubled + 1) / (before.visits + 1), 1.0)
    is_more = _chance_of(troubled, visits, likely) <= _CHANCE
    return AffectedVisits(visits, troubled, usual, is_more) if is_more or visits >= _LEAST_VISITS else None


def _chance_of(least: int, of: int, share: float) -> float:
    """Return how likely so many or more of a number are, if each is with a probability (binomial)."""
    if least <= of * share:
        return 1.0
    ways = math.lgamma(of + 1) - math.lgamma(least + 1) - math.lgamma(of - least + 1)
    term, total = math.exp(ways + least * math.log(share) + (of - least) * math.log1p(-share)), 0.0
    for count in range(least, of + 1):
        total += term
        term *= (of - count) / (count + 1) * share / (1 - share)
        if term < total * _TINY:
            break
    return total
