"""Exceptions in the telemetry that services send, handed to the issues of their projects."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import project_of
from outrider.app.errors.event_symbolication import EventSymbolication
from outrider.app.errors.followed_error_rules import FollowedErrorRules
from outrider.errors import EXCEPTION, environment_of, has_exception, log_error, span_error
from outrider.model import LogRecord, Span
from outrider.telemetry import add_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import AddedEvent, ErrorEvent, ErrorProject, MapRecords, ProjectRegistry
    from outrider.telemetry import Record, Tally
    from outrider.workspace import Workspace

_KNOWN_S: Final = 3.0
_BATCH: Final = 200


class OtlpErrors:
    """Stores the exceptions of spans and log records, for services that have a project; while that is switched on.

    Args:
        workspace: Whose switches and rules hold.
        tally: Counts what is stored and left out, by project.
    """

    def __init__(self, workspace: Workspace, projects: ProjectRegistry, records: MapRecords, tally: Tally) -> None:
        self._registry = projects
        self._errors = records.errors
        self._maps = EventSymbolication(records)
        self._tally = tally
        self._rules = FollowedErrorRules(workspace.root)
        self._projects: tuple[ErrorProject, ...] = ()
        self._read_s = -_KNOWN_S
        self.use(workspace)

    def use(self, workspace: Workspace) -> None:
        """Take exceptions, or none, as it is switched in a workspace."""
        settings = workspace.errors
        self._is_on = settings is not None and settings.otlp and workspace.capabilities.errors

    def take(self, records: Sequence[Record]) -> None:
        """Store the exceptions of records; doing it twice stores them once.

        Raises:
            StoreError: While the store takes nothing.
        """
        if not self._is_on:
            return
        events = [event for record in records for event in self._events(record)]
        by_project: dict[int, list[ErrorEvent]] = defaultdict(list)
        for event in events:
            by_project[event.project].append(event)
        for number, own in by_project.items():
            self._store(number, own)

    def _store(self, number: int, events: Sequence[ErrorEvent]) -> None:
        taken = f"project {number} exceptions taken"
        left = next(own.per_day for own in self._projects if own.id == number) - self._tally.add(taken, 0)
        kept = events[: max(0, left)]
        for start in range(0, len(kept), _BATCH):
            batch = kept[start : start + _BATCH]
            fresh = add_events(self._add, batch, self._tally)
            self._tally.add(taken, fresh)
        if len(kept) < len(events):
            self._tally.add(f"project {number} exceptions beyond the limit of the day", len(events) - len(kept))

    def _add(self, events: Sequence[ErrorEvent]) -> Sequence[AddedEvent]:
        return self._errors.add(self._maps.apply(events), self._rules.current())

    def _events(self, record: Record) -> list[ErrorEvent]:
        if isinstance(record, Span):
            raised = [event for event in record.events if event.name == EXCEPTION]
            project = self._project(record) if raised else None
            return [span_error(record, event, project, now_us()) for event in raised] if project else []
        if isinstance(record, LogRecord) and has_exception(record) and (project := self._project(record)):
            return [log_error(record, project, now_us())]
        return []

    def _project(self, record: Span | LogRecord) -> ErrorProject | None:
        if time.monotonic() - self._read_s >= _KNOWN_S:
            self._projects = self._registry.all()
            self._read_s = time.monotonic()
        return project_of(self._projects, record.service, environment_of(record.resource))
