"""What was taken and dropped of telemetry today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.lookup.telemetry_day import LEDGER_FILE, TelemetryDay, lost_today, telemetry_day
from outrider.model import LostTelemetry
from outrider.telemetry import DayLedger, Tally

if TYPE_CHECKING:
    from pathlib import Path

NOON_S = 1_795_867_200.0


def test_what_was_dropped_is_told_by_reason(tmp_path: Path) -> None:
    """What is taken and stored is no loss; without telemetry there is nothing to tell."""
    assert telemetry_day(tmp_path) is None
    tally = Tally()
    ledger = DayLedger(tmp_path / LEDGER_FILE, tally, lambda: NOON_S)
    counts = {"logs taken": 5, "logs stored": 5, "logs bytes": 900, "logs beyond the budget of the day": 2}
    for reason, count in counts.items():
        tally.add(reason, count)
    ledger.write()

    day = telemetry_day(tmp_path)

    assert day == TelemetryDay("2026-11-28", counts)
    assert day.dropped == {"logs beyond the budget of the day": 2}
    (tmp_path / "telemetry" / "engine" / "damaged" / "0-broken-on-start_1").mkdir(parents=True)
    damaged = telemetry_day(tmp_path)
    assert damaged is not None
    assert damaged.dropped["damaged parts of the engine, set aside"] == 1


def test_what_was_lost_today_is_told_by_signal_reason_and_sender(tmp_path: Path) -> None:
    """What is of nobody known stands by itself; that of another day is over."""
    tally = Tally()
    for reason, count in {"logs taken": 5, "traces refused": 3, "texts cut": 2}.items():
        tally.add(reason, count)
    tally.add("traces refused", 4, source="token shop", service="pay")
    DayLedger(tmp_path / LEDGER_FILE, tally, lambda: NOON_S).write()

    today = lost_today(tmp_path, lambda: NOON_S + 60)

    assert today == (
        LostTelemetry("", "texts cut", 2),
        LostTelemetry("traces", "refused", 4, "token shop", "pay"),
        LostTelemetry("traces", "refused", 3),
    )
    assert lost_today(tmp_path, lambda: NOON_S + 86_400) == ()
