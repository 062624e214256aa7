"""Under which conditions a page was seen: what the cache held, the machine, the connection and the place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_RESTORED: Final = "back-forward-cache"
_LEVELS: Final = ((2.0, "low"), (4.0, "middle"))


@dataclass(frozen=True, slots=True)
class Conditions:
    """Those of a page view, or of a page of a journey; "" where that is not known.

    Attributes:
        cache: As `cache_state` says.
        device: `desktop`, `phone` or `tablet`.
        power: As `power_of` says.
        connection: The effective type, such as "4g".
        country: Two letters.
    """

    cache: str = ""
    device: str = ""
    power: str = ""
    connection: str = ""
    country: str = ""


def cache_state(document_bytes: float | None, own: int, hits: int, navigation: str = "") -> str:
    """Return `cached` where the document was not transferred, `warm` where half of its parts were not, or `empty`.

    Args:
        document_bytes: `transferSize` of the document; None where the browser does not tell.
        own: Scripts, styles and pictures from the page's own origin, and `hits` those that were not transferred.
        navigation: As in a page view.
    """
    if navigation == _RESTORED:
        return "cached"
    if document_bytes is None:
        return ""
    if document_bytes <= 0:
        return "cached"
    return "warm" if own and 2 * hits >= own else "empty"


def power_of(memory_gb: float | None, cores: int) -> str:
    """Return how strong a machine is by the weaker of memory and cores: `low` up to 2, `middle` up to 4, or `high`.

    Args:
        memory_gb: `navigator.deviceMemory`, at most 8 in older browsers; None where the browser does not tell.
        cores: `navigator.hardwareConcurrency`; 0 likewise.
    """
    known = [value for value in (memory_gb, float(cores)) if value]
    if not known:
        return ""
    return next((level for most, level in _LEVELS if min(known) <= most), "high")
