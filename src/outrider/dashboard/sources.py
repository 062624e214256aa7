"""What pages and the API are made from: a store, the loaded checks, and how the service does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.dashboard.day_strips import DayStrips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Check, DashboardRecords, ServiceView


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from; may be asked by any thread.

    Attributes:
        checks: The checks of the workspace as it is now; None while it is not loaded.
        service: How the service does now.
        now_us: The time, microseconds UTC.
        title: What the workspace is called.
        day_strips: Remembers what complete days came to.
    """

    store: DashboardRecords
    checks: Callable[[], Sequence[Check] | None]
    service: Callable[[], ServiceView]
    now_us: Callable[[], int]
    title: str = ""
    day_strips: DayStrips = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "day_strips", DayStrips(self.store.history))
