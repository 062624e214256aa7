"""Sessions and runs for the gate's tests."""

from __future__ import annotations

import numpy as np
from tests.builders import run_of

from outrider.gate import Session
from outrider.model import (
    CheckId,
    Measurement,
    Outcome,
    Run,
    Step,
    StepKind,
)

CHECK = CheckId("journey:journeys/test_buy.py::test_buy")


def sessions(count: int, *, median_ms: float, seed: int, failed: int = 0, runs: int = 5) -> list[Session]:
    """Return sessions of log-normal durations, CV 5 %."""
    rng = np.random.default_rng(seed)
    return [Session({"pay": tuple(median_ms * np.exp(rng.normal(0, 0.05, runs)))}, runs, failed) for _ in range(count)]


def make_run(outcome: Outcome = Outcome.PASSED, *, pay_ms: float = 100.0) -> Run:
    """Return a run with one named step above an automatic one."""
    good = outcome is Outcome.PASSED
    measurement = Measurement(
        outcome=outcome,
        reason="" if good else "why",
        started_us=0,
        duration_ms=pay_ms,
        steps=(
            Step("pay", "pay", StepKind.NAMED, 0.0, pay_ms),
            Step("click #pay", "click #pay", StepKind.AUTOMATIC, 1.0, 5.0, parent="pay"),
            Step("goto /", "goto /", StepKind.AUTOMATIC, 0.0, 7.0),
        ),
    )
    return run_of(measurement, CHECK, measured=good, due_us=1)
