"""The local time of runs, which seasons follow."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from outrider.baselines.series import DAY_S, IntArray

CELL_S = 1800  # half an hour: no zone has ever changed its offset within one since 1972
CELLS_A_DAY = DAY_S // CELL_S
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_FIRST, _LAST = -62_135_596_800 + DAY_S, 253_402_300_799 - DAY_S  # what datetime can hold


@lru_cache(maxsize=65_536)
def _offset(cell: int, tz: str) -> int:
    moment = min(max(cell * CELL_S, _FIRST), _LAST)
    shift = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(tz)).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def offset_s(at: int, tz: str) -> int:
    """Return by how many seconds local time is ahead of UTC at UTC second `at`."""
    return _offset(at // CELL_S, tz)


def local_seconds(at: IntArray, tz: str) -> IntArray:
    """Return local wall-clock seconds of UTC seconds `at`."""
    if tz == "UTC" or not len(at):
        return at
    cells, where = np.unique(at // CELL_S, return_inverse=True)
    return at + np.array([_offset(int(cell), tz) for cell in cells], dtype=np.int64)[where]


def moment_text(at: int, tz: str) -> str:
    """Return UTC second `at` for people, as clocks in a zone show it: "2026-11-02 14:05 CET"."""
    moment = datetime.fromtimestamp(min(max(at, _FIRST), _LAST), UTC).astimezone(ZoneInfo(tz))
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def slot_of(local: IntArray) -> IntArray:
    """Return the half hour of the day, 0 to 47, of local seconds."""
    return local % DAY_S // CELL_S


def is_weekend(local: IntArray) -> IntArray:
    """Return 1 on Saturday and Sunday, else 0, of local seconds."""
    return ((local // DAY_S + EPOCH_WEEKDAY) % 7 >= 5).astype(np.int64)
