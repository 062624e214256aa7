"""Whether a workspace can be watched as it is: one look at it, for `outrider validate` and `outrider up`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import unmatched_rules
from outrider.app.access.workspace_access import now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.app.reporting.report_mail import report_problems
from outrider.model import ConfigError, ConfigErrors, Place
from outrider.scheduler import problems_of, window_problems
from outrider.workspace import cron_place, read_error_rules, unmatched_components, unmatched_windows

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings
    from outrider.app.execution.discovery import Discovery
    from outrider.model import Check
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Examination:
    """What can run, and what is wrong.

    Attributes:
        checks: Those that can be scheduled.
        problems: Of single files and checks: the service starts without them, and refuses a change that brings them.
        refusals: Of the workspace as a whole: the service runs no state of it that has any.
        notes: Rules that have no effect, since they match no check.
    """

    checks: tuple[Check, ...]
    problems: tuple[ConfigError, ...]
    refusals: tuple[ConfigError, ...]
    notes: tuple[str, ...] = ()


def examine(workspace: Workspace, discovery: Discovery) -> Examination:
    """Return what of a discovered workspace can run, and all that is wrong with it."""
    at_us = now_us()
    unscheduled = problems_of(discovery.checks, workspace.timezone, at_us)
    places = {(problem.where.file, problem.where.line) for problem in unscheduled if problem.where}
    alerts, wrong_alerts = _alerts(workspace)
    return Examination(
        tuple(check for check in discovery.checks if (check.path, check.line) not in places),
        (
            *discovery.problems,
            *_where_written(workspace, discovery, unscheduled),
            *report_problems(workspace, alerts, at_us),
            *_error_rules(workspace),
        ),
        (*window_problems(workspace.maintenance, workspace.timezone, at_us), *wrong_alerts),
        _without_effect(workspace, discovery, alerts),
    )


def _without_effect(workspace: Workspace, discovery: Discovery, alerts: AlertSettings | None) -> tuple[str, ...]:
    """Return the rules that match no check; nothing where there is none, or some could not be read."""
    if discovery.problems or not discovery.checks:
        return ()
    windows = unmatched_windows(workspace, discovery.checks) + unmatched_components(workspace, discovery.checks)
    return (*windows, *(unmatched_rules(alerts, discovery.checks) if alerts else ()))


def _where_written(
    workspace: Workspace, discovery: Discovery, problems: tuple[ConfigError, ...]
) -> tuple[ConfigError, ...]:
    """Return the problems of crons at the place that sets them, each place once."""
    places = {Place(check.path, check.line): cron_place(workspace, check) for check in discovery.checks}
    moved = {}
    for problem in problems:
        where = places.get(problem.where, problem.where) if problem.where else None
        moved[where, problem.what] = ConfigError(problem.what, slug=problem.slug, fix=problem.fix, where=where)
    return tuple(moved.values())


def _error_rules(workspace: Workspace) -> tuple[ConfigError, ...]:
    try:
        read_error_rules(workspace.root)
    except ConfigErrors as errors:
        return errors.problems
    return ()


def _alerts(workspace: Workspace) -> tuple[AlertSettings | None, tuple[ConfigError, ...]]:
    try:
        return alert_settings(workspace), ()
    except ConfigErrors as errors:
        return None, errors.problems
