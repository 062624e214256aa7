"""Judges in how many periods more requests of a service, or visits of a page, failed than usual."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from outrider.baselines import RateState, step_rate
from outrider.model import PAGE_PERIOD_MINUTES, Checkpoint, SubjectKind

if TYPE_CHECKING:
    from outrider.baselines import RateSignal
    from outrider.model import JudgeHistory, Series

_CADENCE = 5
"""Minutes of a period for which months of the judge of failures are calibrated."""

_RUNS = re.compile(r"(\d+) of (\d+) runs failed")
_MINUTES = r"more failures than usual in \1 of \2 minutes"
_QUARTERS = r"more visits with errors than usual in \1 of \2 quarters of an hour"


def judge_failing_minutes(history: JudgeHistory, series: Series, months: float) -> tuple[Checkpoint, RateSignal] | None:
    """Fold the periods that were not judged yet into what was known; None if there are none.

    Args:
        history: Where samples and checkpoints are kept.
        series: One for a period with more failures than usual, zero for any other: minutes of a service, quarters of an
            hour of a page.
        months: One false alert in so many.
    """
    known = next(iter(history.judgements.checkpoints([series])), None)
    state, since_us = _remembered(known)
    points = history.series.samples(series, since_us=since_us)
    signal = None
    of_page = series.subject.kind is SubjectKind.PAGE
    minutes, words = (PAGE_PERIOD_MINUTES, _QUARTERS) if of_page else (1, _MINUTES)
    for value in points.value.tolist():
        state, signal = step_rate(state, value > 0, months=months * _CADENCE / minutes)
    if signal is None:
        return None
    reason = _RUNS.sub(words, signal.reason).replace(" runs, ", " quarters, " if of_page else " minutes, ")
    signal = replace(signal, reason=reason)
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
