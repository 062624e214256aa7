"""When checks do not run on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.subject import CheckId


@dataclass(frozen=True, slots=True)
class PlannedMaintenance:
    """A time in which checks do not run; microseconds UTC.

    Attributes:
        public: What the public is told of it.
    """

    begins_us: int
    ends_us: int
    checks: frozenset[CheckId]
    public: str
