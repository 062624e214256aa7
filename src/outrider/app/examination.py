"""Whether a workspace can be watched as it is: one look at everything, for `outrider validate` and `outrider up`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.incident_lookup import settings_of
from outrider.app.report_mail import report_problems
from outrider.app.runtime import found_browser, open_runtime
from outrider.model import BrowserError, ConfigErrors, OutriderError
from outrider.scheduler import problems_of, window_problems
from outrider.store import SQLITE, check_addresses
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.alerts import AlertSettings
    from outrider.app.discovery import Discovery
    from outrider.model import Check, ConfigError
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Examination:
    """What can run, and what is wrong.

    Attributes:
        checks: Those that can be scheduled.
        problems: Of single files and checks: the service starts without them, and refuses a change that brings them.
        refusals: Of the workspace as a whole: the service runs no state of it that has any.
    """

    checks: tuple[Check, ...]
    problems: tuple[ConfigError, ...]
    refusals: tuple[ConfigError, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """What `outrider validate` says.

    Attributes:
        checks: How many there are.
        problems: Everything that is wrong.
        notes: What works, and is not yet what it is to be.
    """

    checks: int
    problems: tuple[OutriderError, ...]
    notes: tuple[str, ...] = ()


def examine(workspace: Workspace, discovery: Discovery) -> Examination:
    """Return what of a discovered workspace can run, and all that is wrong with it."""
    now_us = time.time_ns() // 1000
    unscheduled = problems_of(discovery.checks, workspace.timezone, now_us)
    places = {(problem.where.file, problem.where.line) for problem in unscheduled if problem.where}
    alerts, wrong_alerts = _alerts(workspace)
    return Examination(
        tuple(check for check in discovery.checks if (check.path, check.line) not in places),
        (*discovery.problems, *unscheduled, *report_problems(workspace, alerts, now_us)),
        (*window_problems(workspace.maintenance, workspace.timezone, now_us), *wrong_alerts),
    )


def validate(root: Path) -> Validation:
    """Return everything that is wrong with the workspace at `root`, its store and its browser included."""
    try:
        workspace = load(root)
        browser = found_browser(workspace)
        with open_runtime(workspace) as runtime:
            discovery = runtime.discover()
    except ConfigErrors as errors:
        return Validation(0, errors.problems)
    except OutriderError as error:
        return Validation(0, (error,))
    examination = examine(workspace, discovery)
    missing = (browser,) if isinstance(browser, BrowserError) and discovery.journeys else ()
    wrong_store, notes = _store(workspace)
    problems = (*examination.problems, *missing, *examination.refusals, *wrong_store)
    return Validation(len(discovery.checks), problems, notes)


def _alerts(workspace: Workspace) -> tuple[AlertSettings | None, tuple[ConfigError, ...]]:
    try:
        return settings_of(workspace), ()
    except ConfigErrors as errors:
        return None, errors.problems


def _store(workspace: Workspace) -> tuple[tuple[OutriderError, ...], tuple[str, ...]]:
    try:
        kind = check_addresses(workspace.store_url, artifacts=workspace.artifacts_url)
    except OutriderError as error:
        return (error,), ()
    return (), () if kind == SQLITE else (f"store.url: {kind} is experimental; what is tested and measured is SQLite",)
