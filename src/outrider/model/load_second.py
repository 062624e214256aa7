"""A second of a load that is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.identity import RunId
    from outrider.model.subject import CheckId


@dataclass(frozen=True, slots=True)
class LoadSecond:
    """What a load did in a second, over all endpoints.

    Attributes:
        run: The run that will be stored when the load is over.
        at_us: When this was written, microseconds UTC.
        offset_s: Of its beginning, from the start of the load.
        requests_per_s: Those that succeeded.
        p50_ms: Of all requests; None without any. As the other shares.
        left_s: How long the load still takes; None if that is not known.
    """

    run: RunId
    check: CheckId
    at_us: int
    offset_s: float
    users: int
    requests_per_s: float
    failed_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    left_s: float | None
