"""A workspace with a past that is known to the number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store, run_of

from outrider.model import (
    Check,
    CheckId,
    Circumstances,
    EndpointLoad,
    Histogram,
    Kind,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

BEGIN_US = 1_767_254_400_000_000  # 2026-01-01 08:00 UTC, 09:00 in Berlin
MINUTE_US = 60_000_000
CHECK = CheckId("journey:journeys/test_checkout.py::test_checkout")


def run_at(number: int, *, outcome: Outcome = Outcome.PASSED) -> Run:
    """Return run `number`, one a minute, of release v1 and from the third on v2; paying takes 100 + number ms."""
    due_us = BEGIN_US + number * MINUTE_US
    pay_ms = 100.0 + number
    measurement = Measurement(
        outcome,
        "" if outcome is Outcome.PASSED else "no",
        due_us + 500_000,
        200.0,
        steps=(
            Step("pay", "Pay", StepKind.NAMED, 20.0, pay_ms),
            Step("thanks", "Thanks", StepKind.NAMED, 150.0, None, error="never shown"),
        ),
        samples=(Sample("pay", "duration_ms", pay_ms), Sample("", "requests", 7.0)),
    )
    release = "v1" if number < 2 else "v2"
    return run_of(
        measurement, CHECK, measured=outcome is Outcome.PASSED, id=new_run_id(due_us, bytes([number] * 10)),
        due_us=due_us, started_us=due_us + 500_000, finished_us=due_us + 700_000,
        circumstances=Circumstances(release=release, browser="chromium 1", host="prober"),
    )  # fmt: skip


def load_run() -> Run:
    """Return a load of two seconds and one endpoint."""
    endpoint = EndpointLoad("GET /", Histogram.of([10.0, 20.0]), Histogram.of([50.0]))
    intervals = tuple(LoadInterval(float(second), 1.0, 5, 1, 0.3, 2.0, 0.0, (endpoint,)) for second in range(2))
    due_us = BEGIN_US + 60 * MINUTE_US
    measurement = Measurement(Outcome.PASSED, "", due_us, 2_000.0, load=LoadResult(intervals))
    return run_of(measurement, "load:probes/shop_load.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in Berlin with four passed runs, a failed one and a load."""
    write_past(tmp_path)
    return tmp_path


def write_past(folder: Path) -> None:
    """Write what `root` has into a folder."""
    (folder / "outrider.toml").write_text('[workspace]\ntimezone = "Europe/Berlin"\n')
    with opened(folder) as store:
        store.checks.record([Check(CHECK, Kind.JOURNEY, "journeys/test_checkout.py", "test_checkout", "x")], BEGIN_US)
        store.runs.record_many([run_at(number) for number in range(4)])
        store.runs.record(run_at(4, outcome=Outcome.FAILED))
        store.runs.record(load_run())


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with opened(root) as store:
        yield store


def opened(root: Path) -> Store:
    return new_store(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts")
