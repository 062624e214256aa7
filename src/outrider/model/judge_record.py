"""What is kept for the judge: releases, and its own memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.time_series import Series


@dataclass(frozen=True, slots=True)
class Release:
    """A deploy of the system under test.

    Attributes:
        at_us: When it went live, microseconds UTC.
        accepted: Whether the level since then is the new normal.
    """

    name: str
    environment: str
    at_us: int
    accepted: bool = False


def release_number(name: str) -> str:
    """Return the name of a release as people write it; clients write `shop@2.4` for `2.4`."""
    return name.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the judge knew of a series after the run that was due at `at_us` (microseconds UTC).

    Attributes:
        condition: In the judge's words: learning, steady, degraded, improved.
        state: The judge's own memory; only it can read it.
    """

    series: Series
    at_us: int
    condition: str
    reason: str
    state: bytes = field(repr=False)
