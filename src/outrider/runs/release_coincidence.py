"""How much of a coincidence it is that a deviation begins right after a release. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Release

_SECOND_US = 1_000_000
_AFTER_US = 3600 * _SECOND_US  # a release may show only once caches have expired, or at the next run
_COUNTED_US = 28 * 86_400 * _SECOND_US
_DAY_US: Final = 86_400 * _SECOND_US
_RARE: Final = 0.05
"""A release is named with what follows it only if chance alone puts one so near so seldom, as of suspects."""


def release_share(since_s: int | None, releases: Sequence[Release], at_us: int) -> float:
    """Return the share of time within an hour after a release if the deviation began in such an hour, else 1.

    A deviation by chance begins so with that probability. Where releases come every hour it says nothing.

    Args:
        since_s: UTC seconds of the first run that deviates; None if nothing does.
        releases: Of its environment.
        at_us: Microseconds UTC; releases of the four weeks before are counted.
    """
    if since_s is None:
        return 1.0
    known = [release.at_us for release in releases if at_us - _COUNTED_US <= release.at_us <= at_us]
    follows = any(0 <= since_s * _SECOND_US - released_us <= _AFTER_US for released_us in known)
    return min(1.0, len(known) * _AFTER_US / _COUNTED_US) if follows else 1.0


def recent_release(since_s: int | None, releases: Sequence[Release], at_us: int) -> str:
    """Return the last release before the deviation began, empty if chance alone often puts one so near.

    That is one of a day before at most; where releases come every hour, one of minutes before.

    Args:
        since_s: UTC seconds of the first run that deviates; None if nothing does.
        releases: Of its environment.
        at_us: Microseconds UTC; releases of the four weeks before are counted.
    """
    known = [release for release in releases if at_us - _COUNTED_US <= release.at_us <= at_us]
    before = [release for release in known if since_s is not None and release.at_us // _SECOND_US <= since_s]
    if since_s is None or not before:
        return ""
    latest = max(before, key=lambda release: release.at_us)
    past_us = max(since_s * _SECOND_US - latest.at_us, 0)
    chance = -math.expm1(len(known) * math.log1p(-min(past_us, _DAY_US) / _COUNTED_US))
    return latest.name if past_us <= _DAY_US and chance <= _RARE else ""
