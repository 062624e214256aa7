"""Whether what an incident shows disturbs somebody, or may be chance in so large a workspace. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from outrider.baselines import false_alerts_a_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.confirmation import Confirmation

_HOUR_US = 3_600_000_000
_MEAN_HOURS = 6.0  # a false alert of the judge lasts 2.6 hours on average, most of them without evidence of its own
_MOST_HOURS = 400.0
_STRONG_SHARE = 0.4  # of the false pages, for what stands alone, and as much for what is joined
_RELEASED_SHARE = 0.2  # of them, for what begins right after a release


def disturbs(members: Iterable[Confirmation], series: int, settings: AlertSettings, now_us: int) -> bool:
    """Return whether chance alone brings the workspace such evidence at most as often as it bears.

    Evidence grows in four ways: it is rarer, it lasts, others join it, or it begins right after a release. What is no
    statistic always disturbs.

    Args:
        members: Of one incident.
        series: How many series of the workspace are judged.
        settings: With the false pages a week that are borne.
        now_us: Microseconds UTC.
    """
    present = [member for member in members if member.confirmed and member.is_bad]
    if any(member.chance_months is None for member in present):
        return True
    borne = settings.false_pages_per_week
    if _often(present, series, now_us) <= _STRONG_SHARE * borne:
        return True
    released = [member for member in present if member.release_share < 1]
    coincidence = max((member.release_share for member in released), default=1.0)
    return coincidence * _often(released, series, now_us) <= _RELEASED_SHARE * borne


def _often(members: Sequence[Confirmation], series: int, now_us: int) -> float:
    """Return how often a week chance alone shows the workspace what these members show; infinity for none."""
    months = [_with_duration(member, now_us) for member in members]
    return false_alerts_a_week(months, series, lasting_hours=_MEAN_HOURS) if months else math.inf


def _with_duration(member: Confirmation, now_us: int) -> float:
    """Return the months between two deviations by chance that are so strong, or are so strong still after so long."""
    hours = min((now_us - member.bad_us) / _HOUR_US, _MOST_HOURS)
    lasting = (member.latest_months or 0.0) * math.exp(max(hours, 0.0) / _MEAN_HOURS)
    return max(member.chance_months or 0.0, lasting)
