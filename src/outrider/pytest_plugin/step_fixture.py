"""What Outrider adds to plain pytest: the `step` fixture, and `--outrider`.

`--outrider` prints the steps of each test, and lets pytest use the browser that Outrider finds if Playwright has none.
Without it no hook of Outrider runs in a test. A `step` fixture of the suite itself takes precedence.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys import STEP_LISTENER, NamedStep, StepLog

if TYPE_CHECKING:
    from collections.abc import Generator

    from _pytest.terminal import TerminalReporter

_LOG = pytest.StashKey[StepLog]()
_REPORTED = "outrider_steps"  # attribute of a report, as plain values: it may travel from another process


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option."""
    parser.getgroup("outrider").addoption(
        "--outrider",
        action="store_true",
        help="print the named steps of each test and how long they took, and use the browser that Outrider found",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, so that strict suites accept it, and print tables if asked to."""
    config.addinivalue_line("markers", "outrider(every, timeout, retries, …): how Outrider runs this journey")
    if config.getoption("--outrider"):
        config.pluginmanager.register(StepTable(), "outrider-step-table")
        _use_found_browser()


@pytest.fixture
def step(request: pytest.FixtureRequest) -> StepLog:
    """Name a part of a journey: `with step("pay"): …`. Its duration becomes a series of its own."""
    log = request.node.stash[_LOG] = StepLog(request.node.stash.get(STEP_LISTENER, None))
    return log


def _use_found_browser() -> None:
    from outrider.journeys import BrowserSettings, browser_environment, find_browser  # noqa: PLC0415 - only on request
    from outrider.model import BrowserError  # noqa: PLC0415 - only on request

    with suppress(BrowserError):  # Playwright reports what is missing
        os.environ.update(browser_environment(find_browser(BrowserSettings())))


class StepTable:
    """Collects the steps of every test, those of parallel workers included, and prints them at the end."""

    def __init__(self) -> None:
        self._steps: dict[str, list[dict[str, Any]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hand the steps on with the report of the test's last phase."""
        report = yield
        if report.when == "teardown" and (log := item.stash.get(_LOG, None)):
            setattr(report, _REPORTED, [asdict(step) for step in log.steps])
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the steps of a test that is over."""
        if report.when == "teardown":
            self._steps[report.nodeid] = getattr(report, _REPORTED, [])

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Print the steps in the order in which they began."""
        terminalreporter.section("steps")
        for test, steps in self._steps.items():
            terminalreporter.write_line(test)
            parents = {step["name"]: step["parent"] for step in steps}
            for step in sorted((NamedStep(**fields) for fields in steps), key=lambda named: named.start_ms):
                terminalreporter.write_line(_line(step, _depth(step.parent, parents)))
            if not steps:
                terminalreporter.write_line("             no named steps")


def _line(step: NamedStep, depth: int) -> str:
    took = f"{step.duration_ms:8.0f} ms" if step.duration_ms is not None else "       -   "
    return f"  {took}  {'  ' * depth}{step.name}{'  FAILED' if step.error else ''}"


def _depth(parent: str | None, parents: dict[str, str | None]) -> int:
    return 0 if parent is None else 1 + _depth(parents.get(parent), parents)
