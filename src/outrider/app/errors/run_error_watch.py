"""A listener of the service that hands the errors that runs met to the issues of their project."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

from outrider.app.errors.error_projects import project_of
from outrider.app.errors.event_symbolication import EventSymbolication
from outrider.app.errors.followed_error_rules import FollowedErrorRules
from outrider.errors import has_errors, run_error_events
from outrider.model import StoreError
from outrider.telemetry import Scrubber
from outrider.workspace import Mask, Redactor, available_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import Check, CheckId, ErrorEvent, MapRecords, ProjectRegistry, Run
    from outrider.runs import Judgement
    from outrider.workspace import Workspace

_SERVICE: Final = "service"
_MOST_WAITING: Final = 1_000


class RunErrorWatch:
    """Stores what runs met, for checks with a label `service` that a project has; while that is switched on.

    What cannot be stored is tried again with the next run and every second; the latest thousand events wait.
    """

    def __init__(self, workspace: Workspace, projects: ProjectRegistry, records: MapRecords) -> None:
        self._projects = projects
        self._errors = records.errors
        self._maps = EventSymbolication(records)
        self._rules = FollowedErrorRules(workspace.root)
        self._waiting: deque[ErrorEvent] = deque(maxlen=_MOST_WAITING)
        self._checks: dict[CheckId, Check] = {}
        self._workspace = workspace

    def use(self, workspace: Workspace, checks: Iterable[Check]) -> None:
        """Go by another state of the workspace, from the next run on; returns at once."""
        self._checks = {check.id: check for check in checks if check.policy.labels.get(_SERVICE)}
        self._workspace = workspace

    def run_finished(self, run: Run, _judgements: Sequence[Judgement]) -> None:
        """Store the errors of a run."""
        settings, check = self._workspace.errors, self._checks.get(run.check)
        is_on = settings is not None and settings.runs and self._workspace.capabilities.errors
        if settings is None or not is_on or check is None or not has_errors(run):
            return
        project = project_of(self._projects.all(), check.policy.labels[_SERVICE], run.environment)
        if project is None:
            return
        redactor = Redactor(Mask.of(available_secrets(self._workspace, os.environ)))
        scrubber = Scrubber(redactor, hide_addresses=settings.hide_addresses)
        self._waiting.extend(run_error_events(run, check.kind, project, scrubber.text))
        self._store()

    def ticked(self, now_us: int) -> None:  # noqa: ARG002 - a tick is a tick
        """Try again what could not be stored."""
        self._store()

    def _store(self) -> None:
        events = tuple(self._waiting)
        if not events:
            return
        self._waiting.clear()
        try:
            self._errors.add(self._maps.apply(events), self._rules.current())
        except StoreError:
            self._waiting.extend(events)
            raise
