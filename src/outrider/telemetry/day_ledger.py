"""What was taken, dropped and stored on a day, by reason, in a file: budgets outlast restarts, and others read it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from outrider.telemetry.limits import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from outrider.telemetry.limits import Tally
    from outrider.telemetry.otlp_body import SignalKind

LEDGER: Final = "day.json"


class DayLedger:
    """Keeps a tally in a file, and begins anew each day (UTC).

    Args:
        path: The file; what was counted today by a process before this one is added to the tally.
        tally: Of this process.
        now_s: Seconds since 1970.
    """

    def __init__(self, path: Path, tally: Tally, now_s: Callable[[], float] = time.time) -> None:
        self._path = path
        self._tally = tally
        self._now_s = now_s
        self._day = _day(now_s())
        self._written: dict[str, int] = {}
        before = read_ledger(path)
        if before.day == self._day:
            tally.restore(before.counts, before.shares)

    def write(self) -> None:
        """Write what has changed; a kill loses the counts of the last second. A full disk loses none of the tally."""
        day = _day(self._now_s())
        if day != self._day:
            self._day = day
            self._tally.clear()
        shares, counts = self._tally.shares(), self._tally.counts()  # in this order none exceeds what it is part of
        if counts == self._written:
            return
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fields = {"day": day, "counts": counts, "shares": [[*share, count] for share, count in shares.items()]}
            draft.write_text(json.dumps(fields), "utf-8")
            draft.replace(self._path)
        except OSError:
            return
        self._written = counts


class DayBudget:
    """How many bytes of each signal are taken a day, uncompressed as they were sent; beyond it probers' spans alone."""

    def __init__(self, tally: Tally, most_bytes: Mapping[SignalKind, int]) -> None:
        self._tally = tally
        self._most_bytes = most_bytes

    def most_bytes(self, kind: SignalKind) -> int | None:
        """Return the budget of a signal; None if it has none."""
        return self._most_bytes.get(kind)

    def spend(self, kind: SignalKind, size: int) -> bool:
        """Count what came in; return whether it is within the budget."""
        used = self._tally.add(f"{kind} bytes", size)
        most = self._most_bytes.get(kind)
        return most is None or used <= most


class LedgerDay(NamedTuple):
    """What a ledger says of its day; nothing if there is none, or it is damaged."""

    day: str = ""
    counts: Mapping[str, int] = MappingProxyType({})
    shares: Mapping[Share, int] = MappingProxyType({})


def read_ledger(path: Path) -> LedgerDay:
    """Return what a ledger says."""
    try:
        fields = json.loads(path.read_text("utf-8"))
        counts = {str(reason): int(count) for reason, count in fields["counts"].items()}
        shares = {
            Share(str(reason), str(source), str(service)): int(count)
            for reason, source, service, count in fields.get("shares", ())
        }
        return LedgerDay(str(fields["day"]), counts, shares)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return LedgerDay()


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).date().isoformat()
