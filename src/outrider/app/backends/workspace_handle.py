"""The public Python API: one open workspace, whose checks can be listed, run, gated, loaded and analysed."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import find_workspace, now_us, open_store
from outrider.app.alerting.stored_incidents import list_incidents, stored_incident_rows
from outrider.app.backends.aggregate_check import check_aggregates
from outrider.app.execution.load_trial import LoadOverrides, run_load
from outrider.app.execution.run_execution import run_checks
from outrider.app.execution.runtime import list_checks
from outrider.app.execution.step_judgements import judge_steps
from outrider.app.gate.gate_run import GateOptions, run_gate
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.app.records.stored_runs import list_runs, stored_run
from outrider.model import Outcome, UsageError, bounded, check_at_least, check_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from outrider.alerts import Incident
    from outrider.app.access.listeners import GateListener, LoadListener, RunListener
    from outrider.app.execution.load_trial import LoadOutcome
    from outrider.frames import FrameReader, TelemetryFrames
    from outrider.gate import Decision
    from outrider.model import AggregateSample, Check, Excerpt, RecordedAggregates, Run, RunSummary, StoredRun
    from outrider.runs import StepStatus
    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

_AS_THE_PROFILE_SAYS = LoadOverrides()
_ACCEPTED_BASE = GateOptions()
_MOST_DAYS = 100_000


def open_workspace(path: str | Path | None = None) -> OpenWorkspace:
    """Open the workspace that a folder lies in; use it as a context, or close it.

    Args:
        path: The folder; the current one if absent.

    Raises:
        ConfigError: If there is no workspace.
        ConfigErrors: If its files are wrong.
        StoreError: If its store cannot be opened.
        UsageError: bad-argument if the path can be none.
    """
    workspace = find_workspace(None if path is None else _folder(path))
    return OpenWorkspace(workspace, open_store(workspace))


class OpenWorkspace:
    """A workspace with its store. Methods may be called from any thread, and beside a running event loop.

    Attributes:
        settings: What `outrider.toml` and `scheduler/` say.
    """

    def __init__(self, settings: Workspace, store: Store) -> None:
        self.settings = settings
        self._opened = store
        self._is_closed = False
        self._lock = threading.Lock()
        self._telemetry: TelemetryStore | None = None

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OpenWorkspace {self.settings.name} at {self.settings.root}>"

    def close(self) -> None:
        """Close the store; no other method may be called then."""
        self._is_closed = True
        with self._lock:
            if self._telemetry is not None:
                self._telemetry.close()
            self._telemetry = None
        self._opened.close()

    @property
    def _store(self) -> Store:
        self._check_open()
        return self._opened

    def _check_open(self) -> None:
        if self._is_closed:
            fix = "call open_workspace again, or stay within its `with` block"
            raise UsageError(f"the workspace at {self.settings.root} is closed", slug="workspace-closed", fix=fix)

    def checks(self, *patterns: str) -> tuple[Check, ...]:
        """Return the checks that any of the patterns matches, or all; tests are collected, not run.

        Raises:
            UsageError: bad-argument, unknown-check.
        """
        self._check_open()
        _check_patterns(patterns)
        return list_checks(self.settings, patterns)

    def run(self, *patterns: str, repeat: int = 1, listener: RunListener = SILENT) -> list[Run]:
        """Run checks now, and return the stored runs in the order of the checks.

        Args:
            patterns: Ids, paths, names, globs over them, or tag:WORD; none means everything that is enabled.
            repeat: How often each check runs, at least once.
            listener: Follows the runs.

        Raises:
            UsageError: bad-argument, no-checks, unknown-check.
            BrowserError: If journeys are chosen and there is no browser.
        """
        check_at_least("repeat", repeat, 1)
        _check_patterns(patterns)
        _check_listener(listener)
        return run_checks(self.settings, self._store, patterns, repeat=repeat, listener=listener)

    def load(
        self, name: str, overrides: LoadOverrides = _AS_THE_PROFILE_SAYS, *, listener: LoadListener = SILENT
    ) -> LoadOutcome:
        """Put a target under load by a profile or locustfile, and return the stored run.

        Raises:
            UsageError: unknown-check, switched-off, ambiguous-check, host-not-allowed.
        """
        check_text("name", name)
        _check_listener(listener)
        return run_load(self.settings, self._store, name, overrides, listener=listener)

    def gate(self, *patterns: str, options: GateOptions = _ACCEPTED_BASE, listener: GateListener = SILENT) -> Decision:
        """Run checks until every verdict is known, and decide whether they got worse.

        Raises:
            UsageError: no-checks, unknown-check, no-baseline.
        """
        _check_patterns(patterns)
        _check_listener(listener)
        return run_gate(self.settings, self._store, patterns, options, listener=listener).decision

    def runs(
        self,
        pattern: str = "*",
        *,
        outcome: Outcome | str | None = None,
        location: str | None = None,
        limit: int | None = 100,
    ) -> Excerpt[RunSummary]:
        """Return stored runs, the latest first, and whether these are all (`is_complete`); `limit` None for all.

        Raises:
            UsageError: bad-argument.
        """
        check_text("pattern", pattern)
        if limit is not None:
            check_at_least("limit", limit, 0)
        ended = None if outcome is None else _outcome(outcome)
        return list_runs(self._store.runs, pattern, outcome=ended, location=location, limit=limit)

    def stored_run(self, run: str) -> StoredRun:
        """Return a run with its attempts and artifacts, by its id or a unique beginning or end of it.

        Raises:
            UsageError: unknown-run, ambiguous-run.
        """
        check_text("run", run)
        return stored_run(self._store.runs, run)

    def incidents(self, *, include_resolved: bool = False, days: int = 30) -> tuple[Incident, ...]:
        """Return the incidents that last, or all of the last days, the latest first.

        Raises:
            UsageError: bad-argument.
        """
        check_at_least("days", days, 0, most=_MOST_DAYS)
        listed = list_incidents(self.settings, self._store, include_resolved=include_resolved, days=days, limit=None)
        return listed.incidents

    def judgements(self, pattern: str = "*") -> list[StepStatus]:
        """Return the judgement of each step and of each check's failures; what deviates comes first.

        Raises:
            UsageError: switched-off.
        """
        check_text("pattern", pattern)
        return judge_steps(self.settings, self._store, pattern)

    def record_aggregates(self, samples: Sequence[AggregateSample]) -> RecordedAggregates:
        """Store numbers that no run measured, such as a service's p95 of each minute, all or none.

        A running service judges those of the metric `duration_ms` within about a second, in the order of time, and
        opens incidents of their subjects. What comes later than a newer number of its series is stored, not judged.

        Raises:
            UsageError: bad-aggregate if a time is not in microseconds, or a value is no number or a negative duration.
        """
        check_aggregates(samples, now_us())
        return self._store.aggregates.record(samples)

    @property
    def frames(self) -> FrameReader:
        """Samples, runs, steps, rollups and load seconds as pandas DataFrames, until the workspace is closed."""
        from outrider.frames import FrameReader, FrameSources  # noqa: PLC0415 - pandas is dear

        def sources() -> FrameSources:
            store = self._store
            return FrameSources(store.tables, store.rollups, store.runs, partial(stored_incident_rows, store.incidents))

        sources()
        return FrameReader(sources, self.settings.timezone, now_us())

    @property
    def telemetry(self) -> TelemetryFrames:
        """Logs, spans, measures and services as pandas DataFrames, until the workspace is closed.

        The engine that the service runs is asked; without one, the first question starts it, and `close` ends it.
        """
        from outrider.frames import TelemetryFrames  # noqa: PLC0415 - pandas is dear

        self._check_open()
        return TelemetryFrames(self._opened_telemetry, self.settings.timezone, now_us)

    def _opened_telemetry(self) -> TelemetryStore:
        with self._lock:
            self._check_open()
            if self._telemetry is None:
                self._telemetry = open_telemetry(self.settings)
            return self._telemetry


def _folder(path: object) -> Path:
    """Return the folder of a path; find_workspace says so if there is none."""
    what = "a text without NUL, or a Path, that is no longer than the system allows"
    try:
        folder = Path(path).absolute()  # type: ignore[arg-type]
        folder.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return folder
    except (TypeError, ValueError, OSError):
        name = bounded(repr(path), 80)
        raise UsageError(f"path = {name} is no path", slug="bad-argument", fix=f"give path {what}") from None
    return folder


def _check_patterns(patterns: Sequence[object]) -> None:
    for number, pattern in enumerate(patterns):
        check_text(f"patterns[{number}]", pattern)


def _check_listener(listener: object) -> None:
    if not callable(getattr(listener, "problem", None)):
        fix = "give listener an object of a subclass of SilentListener"
        raise UsageError(f"listener = {listener!r} is no listener", slug="bad-argument", fix=fix)


def _outcome(outcome: Outcome | str) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        fix = f"write one of Outcome: {', '.join(Outcome)}"
        raise UsageError(f"outcome = {outcome!r} is none", slug="bad-argument", fix=fix) from None
