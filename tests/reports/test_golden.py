"""Reports against reviewed files: `OUTRIDER_UPDATE_GOLDEN=1 pytest tests/reports/test_golden.py` writes them anew.

The simulated store, the clock and the random numbers are the same each time; run ids, which are not, are scrubbed.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.model import Outcome
from outrider.reports import (
    NoIncidents,
    ReportSettings,
    as_json,
    as_markdown,
    day_of,
    gather,
    load_report,
    release_period,
    run_report,
    single_json,
    single_markdown,
    week_of,
)

from .conftest import LOAD, NOW_US, Bench, climbing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.reports import Period
    from outrider.store import Store

GOLDEN = Path(__file__).parent / "golden"
DAY_US = 86_400_000_000
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
PERIODS = {
    "weekly": week_of(None, NOW_US, "Europe/Berlin"),
    "daily": day_of(NOW_US, "Europe/Berlin"),
    "release": release_period("2.2.0", (NOW_US - 10 * DAY_US, NOW_US - 3 * DAY_US, NOW_US), "Europe/Berlin"),
}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("golden")
    with new_store(folder / "runs.db", artifacts=folder / "artifacts") as store:
        Bench(store).fill(days=35, checks=4)
        store.checks.record([LOAD], NOW_US - 9 * DAY_US)
        store.runs.record_many([climbing(NOW_US - day * DAY_US, most=90 + day) for day in (8, 2)])
        yield store


def compare(name: str, text: str) -> None:
    """Compare with the reviewed file, or write it where that is asked for."""
    scrubbed = IDS.sub("RUN", text).rstrip() + "\n"
    path = GOLDEN / name
    if os.environ.get("OUTRIDER_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(scrubbed, encoding="utf-8")
    assert scrubbed == path.read_text(encoding="utf-8"), f"{name} changed: see how to write it anew above"


def rounded(value: object) -> object:
    """Return data whose numbers do not depend on the last bits of a processor's arithmetic."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def plain(content: object) -> str:
    return json.dumps(rounded(content), indent=1, ensure_ascii=False)


@pytest.mark.parametrize("name", PERIODS)
def test_a_period_is_told_as_it_was_reviewed(simulated: Store, name: str) -> None:
    """As Markdown and as JSON."""
    period: Period = PERIODS[name]

    report = gather(simulated, ReportSettings(), period, NOW_US, workspace="shop")

    compare(f"{name}.md", as_markdown(report))
    compare(f"{name}.json", plain(as_json(report)))


def test_a_run_is_told_as_it_was_reviewed(simulated: Store) -> None:
    """The last one of the first journey that passed."""
    last = simulated.runs.search("journey:*", outcome=Outcome.PASSED, limit=1)[0]

    report = run_report(
        simulated, simulated.runs.get(last.id), workspace="shop", timezone="Europe/Berlin", incidents=NoIncidents()
    )

    compare("run.md", single_markdown(report))
    compare("run.json", plain(single_json(report)))


def test_a_load_is_told_as_it_was_reviewed(simulated: Store) -> None:
    """The last one."""
    last = simulated.runs.search(LOAD.id, limit=1)[0]

    before = simulated.runs.search(LOAD.id, limit=2)[1]
    run, good = (simulated.runs.get(summary.id).run for summary in (last, before))
    report = load_report(run, workspace="shop", timezone="Europe/Berlin", good=good)

    compare("load.md", single_markdown(report))
    compare("load.json", plain({**single_json(report), "stretches": len(report.stretches)}))
