"""Clocks that changed lately elsewhere than in the workspace's time zone: a season may follow them."""

from __future__ import annotations

from functools import lru_cache

from outrider.baselines.local_time import offset_s
from outrider.baselines.series import DAY_S

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Santiago",
    "Asia/Jerusalem",
    "Africa/Cairo",
)
"""One zone for each rule by which clocks of many people change."""

_LATELY_S = 3 * DAY_S


def zones_that_moved(at: int, tz: str) -> tuple[str, ...]:
    """Return zones whose clocks moved against those of `tz` within the three days before UTC second `at`."""
    return _moved(at // 3600, tz)


@lru_cache(maxsize=4096)
def _moved(hour: int, tz: str) -> tuple[str, ...]:
    own = offset_s(hour * 3600, tz) - offset_s(hour * 3600 - _LATELY_S, tz)
    return tuple(zone for zone in ZONES if offset_s(hour * 3600, zone) - offset_s(hour * 3600 - _LATELY_S, zone) != own)
