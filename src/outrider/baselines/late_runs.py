"""Runs that do not come in the order of time: stragglers, and clocks that were set back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import BoolArray, IntArray
    from outrider.baselines.state import State

_LATE_S = 3600  # a run that far behind the clock is no straggler: somebody set the clock back
_LATE_RUNS = 3


def until_set_back(state: State, at: IntArray) -> tuple[int, State, BoolArray]:
    """Return how many runs precede a clock set back, the state with its count of late runs, and which are in order."""
    before = state.last_at if state.last_at is not None else at[0] - 1
    latest = np.maximum.accumulate(np.concatenate([[before], at[:-1]]))
    accepted, late = at > latest, at < latest - _LATE_S
    count, end = state.backwards, len(at)
    for k in np.flatnonzero(late | accepted) if late.any() or count else ():
        count = count + 1 if late[k] else 0
        if count >= _LATE_RUNS:
            end = int(k)
            break
    return end, replace(state, backwards=count), accepted[:end]
