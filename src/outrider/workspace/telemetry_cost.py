"""`[telemetry.keep]` and `[telemetry.budget]`: which spans are kept, and how many bytes of a signal are taken a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from outrider.workspace.tables import as_duration_within, as_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.workspace.tables import Table

SIGNALS: Final = ("logs", "traces", "metrics")
_as_slow: Final = as_duration_within("1ms", "7d")


@dataclass(frozen=True, slots=True)
class TelemetryKeep:
    """Which spans are kept; errors, slow ones and those of probers always.

    Attributes:
        rate: Share of traces of services that are not listed in `services`.
        slow_s: From which duration on a span is slow; an operation in `operations` has a bound of its own.
    """

    rate: float = 1.0
    slow_s: float = 1.0
    services: Mapping[str, float] = field(default_factory=dict)
    operations: Mapping[str, float] = field(default_factory=dict)


def read_keep(table: Table) -> TelemetryKeep:
    """Return what `[telemetry.keep]` says."""
    usual = TelemetryKeep()
    keep = TelemetryKeep(
        rate=table.read("rate", as_share, usual.rate),
        slow_s=table.read("slow", _as_slow, usual.slow_s),
        services=_named(table.section("services"), as_share),
        operations=_named(table.section("operations"), _as_slow),
    )
    table.close()
    return keep


def read_budget(table: Table, as_bytes: Callable[[object], int]) -> dict[str, int]:
    """Return how many bytes of each signal `[telemetry.budget]` allows a day; those without a budget are left out."""
    budget = {name: table.read(name, as_bytes, 0) for name in SIGNALS}
    table.close()
    return {name: size for name, size in budget.items() if size}


def _named(table: Table, convert: Callable[[object], float]) -> dict[str, float]:
    return {name: table.read(name, convert, 1.0) for name in table.data}
