"""What the tests of this room share: stores with simulated history, and reports of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import History, fill

from outrider.reports import Period, Report, ReportSettings, gather, render_html, week_of
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_US = 1_800_000_000_000_000  # Friday 15 January 2027, 08:00 UTC


@dataclass
class Bench:
    """A store, and the weekly report of what it holds."""

    store: Store

    def fill(self, **changes: int | float | str) -> None:
        fill(self.store, History(NOW_US, **{"checks": 3, "days": 16, "minutes": 60, **changes}))  # type: ignore[arg-type]

    def report(self, settings: ReportSettings | None = None, period: Period | None = None) -> Report:
        span = period or week_of(None, NOW_US, "UTC")
        return gather(self.store, settings or ReportSettings(), span, NOW_US, workspace="shop")

    def page(self, root: Path | None = None) -> str:
        return render_html(self.report(), ReportSettings(), root)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Store.open(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        yield Bench(store)
