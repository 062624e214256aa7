"""Judges in how many minutes more requests of a service failed than usual."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from outrider.baselines import RateState, step_rate
from outrider.model import Checkpoint

if TYPE_CHECKING:
    from outrider.baselines import RateSignal
    from outrider.model import JudgeHistory, Series

_CADENCE = 5
"""Minutes in a period for which months of the judge of failures are calibrated."""

_RUNS = re.compile(r"(\d+) of (\d+) runs failed")


def judge_failing_minutes(history: JudgeHistory, series: Series, months: float) -> tuple[Checkpoint, RateSignal] | None:
    """Fold the minutes that were not judged yet into what was known; None if there are none.

    Args:
        history: Where samples and checkpoints are kept.
        series: One for a minute with more failures than usual, zero for any other.
        months: One false alert in so many.
    """
    known = next(iter(history.judgements.checkpoints([series])), None)
    state, since_us = _remembered(known)
    points = history.series.samples(series, since_us=since_us)
    signal = None
    for value in points.value.tolist():
        state, signal = step_rate(state, value > 0, months=months * _CADENCE)
    if signal is None:
        return None
    reason = _RUNS.sub(r"more failures than usual in \1 of \2 minutes", signal.reason)
    signal = replace(signal, reason=reason.replace(" runs, ", " minutes, "))
    at_us = int(points.at_us[-1])
    data = json.dumps(asdict(state)).encode()
    return Checkpoint(series, at_us, signal.condition, signal.reason, data), signal


def _remembered(known: Checkpoint | None) -> tuple[RateState, int | None]:
    """Return a checkpoint's state and the time after which minutes are new; one that cannot be read is rebuilt."""
    if known is not None:
        try:
            fields = json.loads(known.state)
            return RateState(**{**fields, "recent": tuple(fields["recent"])}), known.at_us + 1
        except (ValueError, TypeError, KeyError):
            pass
    return RateState(), None
