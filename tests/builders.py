"""What tests of all rooms are built of: empty stores, and runs."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrider.model import (
    Attempt,
    CheckId,
    Circumstances,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def _empty_database() -> bytes:
    """Return an empty SQLite file of the present schema: to copy one is far cheaper than to migrate one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        Store.open(path, artifacts=folder).close()
        return path.read_bytes()


def provide_database(path: Path) -> None:
    """Put an empty database where there is no file yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty_database())


def new_store(path: Path, *, artifacts: str | Path, **options: Any) -> Store:
    """Open a store of SQLite as `Store.open` does, without the migrations where it is new."""
    provide_database(path)
    return Store.open(path, artifacts=artifacts, **options)


def paid(
    at_us: int, pay_ms: float = 250.0, outcome: Outcome = Outcome.PASSED, *, reason: str = "", step: str = "pay"
) -> Measurement:
    """Return a measurement of one named step; its duration is a sample where the outcome is good."""
    samples = (Sample(step, "duration_ms", pay_ms),) if outcome is Outcome.PASSED else ()
    steps: Sequence[Step] = (Step(step, step, StepKind.NAMED, 0.0, pay_ms),)
    return Measurement(outcome, reason, at_us, pay_ms, tuple(steps), samples)


def run_of(measurement: Measurement, check: str, due_us: int | None = None, **changes: Any) -> Run:
    """Return a run of one attempt, which measured that; `changes` are fields of the run."""
    due_us = measurement.started_us if due_us is None else due_us
    fields = {
        "id": new_run_id(due_us),
        "check": CheckId(check),
        "environment": "production",
        "location": "local",
        "due_us": due_us,
        "started_us": due_us,
        "finished_us": due_us + 1,
        "outcome": measurement.outcome,
        "reason": measurement.reason,
        "attempts": (Attempt(1, True, False, measurement),),
        "circumstances": Circumstances(),
    }
    return Run(**{**fields, **changes})
