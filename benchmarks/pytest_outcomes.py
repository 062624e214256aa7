"""A pytest plugin that runs chosen tests and writes down how each ended: `-p pytest_outcomes`.

OUTCOMES names the file, one JSON object a line and phase; TARGETS one with a list of node ids. This module is copied
to a folder of its own, so that nothing else of this repository can be imported there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what was chosen; Outrider's names leave out the browser."""
    chosen = set(json.loads(Path(os.environ["TARGETS"]).read_text()))
    items[:] = [item for item in items if chosen & names(item.nodeid)]


def names(nodeid: str) -> set[str]:
    """Return a node id with and without the browser."""
    shorter = [("[chromium]", ""), ("[chromium-", "["), ("-chromium]", "]")]
    return {nodeid, *(nodeid.replace(*pair) for pair in shorter)}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down the outcome of a phase, and the classes of what was raised."""
    report = yield
    raised = call.excinfo
    phase: dict[str, Any] = {
        "test": item.nodeid,
        "when": report.when,
        "outcome": report.outcome,
        "expected": hasattr(report, "wasxfail"),
        "types": [f"{kind.__module__}.{kind.__qualname__}" for kind in raised.type.__mro__] if raised else [],
        "message": str(raised.value)[:500] if raised else "",
    }
    with Path(os.environ["OUTCOMES"]).open("a") as lines:
        lines.write(json.dumps(phase) + "\n")
    return report
