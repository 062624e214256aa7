"""What the tests of this room share: stores with simulated history, and reports of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.history import History, fill
from tests.builders import new_store, run_of

from outrider.model import (
    Check,
    CheckId,
    Circumstances,
    EndpointLoad,
    FailureGroup,
    Histogram,
    Kind,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    Run,
    Sample,
)
from outrider.reports import Period, Report, ReportSettings, gather, render_html, week_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

NOW_US = 1_800_000_000_000_000  # Friday 15 January 2027, 08:00 UTC


LOAD = Check(CheckId("load:probes/shop_load.py"), Kind.LOAD, "probes/shop_load.py", "shop_load", "shop_load")
SECOND_US = 1_000_000


def climbing(due_us: int = NOW_US - 3_600 * SECOND_US, *, most: float = 90.0, levels: int = 8) -> Run:
    """Return a load of ten seconds a level, of a shop that answers at most about `most` requests a second."""
    intervals = []
    for second in range(levels * 10):
        users = (second // 10 + 1) * 5
        rate = round(most / 8.6 * users / (1 + 0.03 * (users - 1) + 0.002 * users * (users - 1)))
        slow = 20.0 * (1 + users / 10)
        failed = Histogram.of([slow * 3] * (rate // 20)) if users > 30 else Histogram()
        pay = EndpointLoad("POST /pay", Histogram.of([slow * 2] * (rate // 4)), failed)
        home = EndpointLoad("GET /", Histogram.of([slow + number for number in range(rate - rate // 4)]))
        intervals.append(LoadInterval(float(second), 1.0, users, 1, 0.3, 2.0, 0.0, (home, pay)))
    failures = (FailureGroup("POST /pay", "HTTPError('503 Server Error')", 40, ("503",)),)
    result = LoadResult(tuple(intervals), failures)
    measurement = Measurement(
        outcome=Outcome.PASSED,
        reason="",
        started_us=due_us,
        duration_ms=levels * 10_000.0,
        samples=(Sample("", "requests_per_s", 60.0), Sample("", "failure_share", 0.02)),
        load=result,
    )
    return run_of(measurement, LOAD.id, circumstances=Circumstances(host="simulated"))


@dataclass
class Bench:
    """A store, and the weekly report of what it holds."""

    store: Store

    def fill(self, **changes: int | float | str) -> None:
        given: dict[str, Any] = {"until_us": NOW_US, "checks": 3, "days": 16, "minutes": 60, **changes}
        fill(self.store, History(**given))

    def report(self, settings: ReportSettings | None = None, period: Period | None = None) -> Report:
        span = period or week_of(None, NOW_US, "UTC")
        return gather(self.store, settings or ReportSettings(), span, NOW_US, workspace="shop")

    def page(self, root: Path | None = None) -> str:
        return render_html(self.report(), ReportSettings(), root)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        yield Bench(store)
