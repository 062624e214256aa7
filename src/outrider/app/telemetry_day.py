"""What a workspace took of telemetry today, and what was dropped, as its service last wrote it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.model import LostTelemetry
from outrider.telemetry import LEDGER, SignalKind, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LEDGER_FILE: Final = f"telemetry/{LEDGER}"
_TAKEN: Final = ("taken", "stored", "sampled", "repeated", "bytes", " forwarded")


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

    @property
    def lost(self) -> tuple[LostTelemetry, ...]:
        """Return the same by signal and reason, in order."""
        lost = []
        for text, count in sorted(self.dropped.items()):
            first, _, rest = text.partition(" ")
            signal, reason = (first, rest) if first in set(SignalKind) else ("", text)
            lost.append(LostTelemetry(signal, reason, count))
        return tuple(sorted(lost, key=lambda own: (own.signal, own.reason)))


def telemetry_day(state: Path) -> TelemetryDay | None:
    """Return the newest day of a workspace's telemetry; None if it never took any."""
    day, counts = read_ledger(state / LEDGER_FILE)
    return TelemetryDay(day, counts) if day else None


def lost_today(state: Path, now_s: Callable[[], float] = time.time) -> tuple[LostTelemetry, ...]:
    """Return what was not kept today (UTC) of a workspace's telemetry as it was sent."""
    day = telemetry_day(state)
    today = datetime.fromtimestamp(now_s(), UTC).date().isoformat()
    return day.lost if day is not None and day.day == today else ()
