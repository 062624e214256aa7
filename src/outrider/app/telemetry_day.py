"""What a workspace took of telemetry today, and what was dropped, as its service last wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.telemetry import LEDGER, read_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEDGER_FILE: Final = f"telemetry/{LEDGER}"
_TAKEN: Final = ("taken", "stored", "bytes", " forwarded")


@dataclass(frozen=True, slots=True)
class TelemetryDay:
    """A day of telemetry.

    Attributes:
        day: In UTC, `2026-11-29`; the last one on which telemetry came in.
        counts: Records taken, stored and forwarded, bytes that came in, and what was cut or dropped, by reason.
    """

    day: str
    counts: Mapping[str, int]

    @property
    def dropped(self) -> dict[str, int]:
        """Return what was not kept as it was sent, by reason."""
        return {reason: count for reason, count in self.counts.items() if not reason.endswith(_TAKEN)}


def telemetry_day(state: Path) -> TelemetryDay | None:
    """Return the newest day of a workspace's telemetry; None if it never took any."""
    day, counts = read_ledger(state / LEDGER_FILE)
    return TelemetryDay(day, counts) if day else None
