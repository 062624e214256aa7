"""The recent runs of a series, in bounded memory; the same whether runs are added singly or in thousands."""

from __future__ import annotations

import numpy as np

from outrider.baselines.expectation import GAP_S, TRAIL_RUNS, TRAIL_S
from outrider.baselines.local_time import CELL_S
from outrider.baselines.season import Cells, cells_of
from outrider.baselines.series import DAY_S, BoolArray, FloatArray, IntArray, active_start

KEPT_RUNS = 16_384  # more than the gap and a day, at a run every ten seconds
_FULL = 24_576
_KEPT_S = TRAIL_S + GAP_S + DAY_S


class TrailingRuns:
    """Recent runs, and half hours in place of older runs where the cadence is quick.

    Args:
        at: UTC seconds of the runs, ascending.
        value: Log value of each.
        cells: Half hours before them.
    """

    def __init__(self, at: IntArray, value: FloatArray, cells: Cells) -> None:
        self.at = at
        self.value = value
        self.cells = cells

    def __len__(self) -> int:
        return len(self.at)

    def extend(self, at: IntArray, value: FloatArray) -> None:
        """Add runs; compaction happens at the same run whatever the size of the pieces."""
        while len(at):
            room = _FULL - len(self.at)
            self.at = np.concatenate([self.at, at[:room]])
            self.value = np.concatenate([self.value, value[:room]])
            at, value = at[room:], value[room:]
            if len(self.at) >= _FULL:
                self._compact()

    def by_half_hours(self) -> Cells:
        """Return everything kept, by half hours."""
        return _join(self.cells, cells_of(self.at, self.value))

    def trim(self, now: int) -> None:
        """Drop what no baseline reads any more."""
        start = active_start(self.at, _KEPT_S, now)
        first = min(int(np.searchsorted(self.at, start)), max(0, len(self.at) - 2 * TRAIL_RUNS))
        self.at, self.value = self.at[first:], self.value[first:]
        self._keep_cells(self.cells.index * CELL_S >= start)

    def exclude(self, since: int, until: int) -> None:
        """Drop the runs of an incident, both ends included: they are no example of what is normal."""
        kept = (self.at < since) | (self.at > until)
        self.at, self.value = self.at[kept], self.value[kept]
        start = self.cells.index * CELL_S
        self._keep_cells((start + CELL_S <= since) | (start > until))

    def shift_before(self, since: int, amount: float) -> None:
        """Move all runs before `since` by `amount`, so that they serve as the past of a new level."""
        self.value = np.where(self.at < since, self.value + amount, self.value)
        start = self.cells.index * CELL_S
        self.cells = Cells(self.cells.index, np.where(start < since, self.cells.middle + amount, self.cells.middle))

    def _compact(self) -> None:
        edge = self.at[len(self.at) - KEPT_RUNS] // CELL_S * CELL_S
        cut = int(np.searchsorted(self.at, edge))
        if cut == 0:
            cut = len(self.at) - KEPT_RUNS
        self.cells = _join(self.cells, cells_of(self.at[:cut], self.value[:cut]))
        self.at, self.value = self.at[cut:], self.value[cut:]
        self._keep_cells(self.cells.index * CELL_S >= self.at[-1] - _KEPT_S)

    def _keep_cells(self, kept: BoolArray) -> None:
        self.cells = Cells(self.cells.index[kept], self.cells.middle[kept])


def _join(early: Cells, late: Cells) -> Cells:
    if not len(early.index):
        return late
    fresh = late.index > early.index[-1]
    return Cells(np.concatenate([early.index, late.index[fresh]]), np.concatenate([early.middle, late.middle[fresh]]))
