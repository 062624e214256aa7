"""What a workspace took of telemetry today, and what was dropped, as its service last wrote it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.app.lookup.telemetry_access import ENGINE_FOLDER
from outrider.model import LostTelemetry
from outrider.telemetry import LEDGER, Share, SignalKind, read_ledger
from outrider.telemetry_store import damaged_parts

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
        shares: Of what was cut or dropped, the part of each sender that is known.
    """

    day: str
    counts: Mapping[str, int]
    shares: Mapping[Share, int] = field(default_factory=dict)

    @property
    def dropped(self) -> dict[str, int]:
        """Return what was not kept as it was sent, by reason."""
        return {reason: count for reason, count in self.counts.items() if not reason.endswith(_TAKEN)}

    @property
    def lost(self) -> tuple[LostTelemetry, ...]:
        """Return the same by signal, reason and sender, of one reason the most first."""
        unknown = dict(self.dropped)
        rows = []
        for share, count in self.shares.items():
            if share.reason in unknown:
                unknown[share.reason] -= count
                rows.append((share, count))
        rows += [(Share(reason, "", ""), count) for reason, count in unknown.items() if count > 0]
        lost = [_lost(share, count) for share, count in rows]
        return tuple(sorted(lost, key=lambda own: (own.signal, own.reason, -own.count, own.source, own.service)))


def telemetry_day(state: Path) -> TelemetryDay | None:
    """Return the newest day of a workspace's telemetry; None if it never took any."""
    last = read_ledger(state / LEDGER_FILE)
    damaged = damaged_parts(state / ENGINE_FOLDER)
    counts = {**last.counts, "damaged parts of the engine, set aside": damaged} if damaged else last.counts
    return TelemetryDay(last.day, counts, last.shares) if last.day else None


def lost_today(state: Path, now_s: Callable[[], float] = time.time) -> tuple[LostTelemetry, ...]:
    """Return what was not kept today (UTC) of a workspace's telemetry as it was sent."""
    day = telemetry_day(state)
    today = datetime.fromtimestamp(now_s(), UTC).date().isoformat()
    return day.lost if day is not None and day.day == today else ()


def _lost(share: Share, count: int) -> LostTelemetry:
    first, _, rest = share.reason.partition(" ")
    signal, reason = (first, rest) if first in set(SignalKind) else ("", share.reason)
    return LostTelemetry(signal, reason, count, share.source, share.service)
