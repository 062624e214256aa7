"""Proof from the wire: a comparison of two addresses means nothing if a journey visited neither, or only one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from outrider.model import Run

_METRIC = "resource_ms "


def astray(run: Run, own: str, other: str) -> str:
    """Return why a run did not measure the side at `own`, or nothing if it did.

    Args:
        own: Address of the side that the run was to measure.
        other: Address of the side that it was not to touch.
    """
    visited = {
        sample.metric.removeprefix(_METRIC)
        for attempt in run.attempts
        for sample in attempt.measurement.samples
        if sample.metric.startswith(_METRIC)
    }
    if _origin(own) not in visited:
        seen = ", ".join(sorted(visited)) or "nothing"
        return f"never asked {_origin(own)} (it asked {seen}): it takes its address from elsewhere"
    if _origin(other) != _origin(own) and _origin(other) in visited:
        return f"asked {_origin(other)} too, the other side: an address is written into it"
    return ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
