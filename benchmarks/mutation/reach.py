"""A plugin of pytest that notes which test executes which lines and how long it takes, or runs some tests only.

`OUTRIDER_REACH` names a file that takes a line of JSON a test: its id and seconds. Coverage of this process, and those
that it starts, is noted under the test's id, or under the test's file where a fixture of many tests is set up.
`OUTRIDER_ONLY` names a file with the ids of the tests to run, a JSON list.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

CONTEXT = "OUTRIDER_CONTEXT"
NOTES, ONLY = "OUTRIDER_REACH", "OUTRIDER_ONLY"


def _switch(context: str) -> str:
    """Note coverage under another name from now on, in this process and those that it starts; return the one before."""
    before = os.environ.get(CONTEXT, "")
    os.environ[CONTEXT] = context
    if (current := coverage.Coverage.current()) is not None:
        current.switch_context(context)
    return before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note what a test executes, its own fixtures included."""
    if not os.environ.get(NOTES):
        return (yield)
    before = _switch(item.nodeid)
    try:
        return (yield)
    finally:
        _switch(before)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """Note what is set up for many tests under the file of the first."""
    if not os.environ.get(NOTES) or fixturedef.scope == "function":
        return (yield)
    before = _switch(os.environ.get(CONTEXT, "").partition("::")[0] if fixturedef.scope != "session" else "")
    try:
        return (yield)
    finally:
        _switch(before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how long a test took; xdist reports each twice, in a worker and in its own process."""
    notes = os.environ.get(NOTES)
    if notes and "PYTEST_XDIST_WORKER" not in os.environ:
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(json.dumps([report.nodeid, report.duration]) + "\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that were not asked for out."""
    if only := os.environ.get(ONLY):
        chosen = set(json.loads(Path(only).read_text(encoding="utf-8")))
        items[:] = [item for item in items if item.nodeid in chosen]
