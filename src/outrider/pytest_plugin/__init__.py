"""What Outrider adds to plain pytest: the `step` fixture, and `--outrider`, which prints the steps of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.journeys.steps import STEP_LISTENER, StepLog

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_TABLES = pytest.StashKey[list[tuple[str, StepLog]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option."""
    parser.getgroup("outrider").addoption(
        "--outrider", action="store_true", help="print the steps of each test and how long they took"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, so that strict suites accept it."""
    config.addinivalue_line("markers", "outrider(every, timeout, retries, …): how Outrider runs this journey")
    config.stash[_TABLES] = []


@pytest.fixture
def step(request: pytest.FixtureRequest) -> StepLog:
    """Name a part of a journey: `with step("pay"): …`. Its duration becomes a series of its own."""
    log = StepLog(request.node.stash.get(STEP_LISTENER, None))
    request.config.stash[_TABLES].append((request.node.nodeid, log))
    return log


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print the steps, if asked to."""
    if not config.getoption("--outrider"):
        return
    terminalreporter.section("steps")
    for test, log in config.stash[_TABLES]:
        terminalreporter.write_line(test)
        for one in log.steps:
            took = f"{one.duration_ms:8.0f} ms" if one.duration_ms is not None else "       -   "
            indent = "  " if one.parent else ""
            terminalreporter.write_line(f"  {took}  {indent}{one.name}{'  FAILED' if one.error else ''}")
