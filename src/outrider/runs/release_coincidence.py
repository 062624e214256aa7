"""How much of a coincidence it is that a deviation begins right after a release. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Release

_SECOND_US = 1_000_000
_AFTER_US = 3600 * _SECOND_US  # a release may show only once caches have expired, or at the next run
_COUNTED_US = 28 * 86_400 * _SECOND_US


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
