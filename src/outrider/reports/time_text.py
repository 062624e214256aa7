"""Times in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def moment(zone: ZoneInfo, at_us: int) -> str:
    """Return a time for a reader."""
    return f"{datetime.fromtimestamp(at_us / 1_000_000, zone):%a %d %b %Y %H:%M}"
