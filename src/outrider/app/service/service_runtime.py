"""The runtime of one state of the workspace under the service, and whether there is a newer state."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.setting_overrides import load_overridden, override_values
from outrider.app.access.workspace_access import register_checks
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.app.execution.host_executors import HostExecutors
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.app.execution.watched_files import FileStatus, watched_files
from outrider.app.service.examination import examine
from outrider.model import CheckRecords, ConfigErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Kind, OverrideLog
    from outrider.scheduler import Executor, RetryingRecorder, Work
    from outrider.workspace import Value, Workspace


class ServiceRuntime:
    """One loaded workspace, ready to execute by schedule.

    Args:
        activated: Is called with this runtime when the service begins to execute runs by it.

    Attributes:
        problems: What is wrong with single files; a strict runtime has none.
        alerts: What the workspace says of alerts, as it was when the runtime was made.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: CheckRecords,
        recorder: RetryingRecorder,
        activated: Callable[[ServiceRuntime], None],
        *,
        strict: bool,
    ) -> None:
        self.workspace = workspace
        self._activated = activated
        self._stack = ExitStack()
        try:
            self._set_up(store, recorder, strict=strict)
        except BaseException:
            self._stack.close()
            raise

    def _set_up(self, store: CheckRecords, recorder: RetryingRecorder, *, strict: bool) -> None:
        self.alerts = alert_settings(self.workspace)
        browser = browser_or_error(self.workspace)
        runtime = self._stack.enter_context(open_runtime(self.workspace, browser=browser))
        examination = examine(self.workspace, runtime.discover())
        self.problems, self.checks = examination.problems, examination.checks
        if examination.refusals or (strict and self.problems):
            raise ConfigErrors((*self.problems, *examination.refusals))
        register_checks(store.checks, self.workspace, self.checks)
        self.heartbeats = runtime.catalogue.heartbeats
        self.stays_here = frozenset(self.heartbeats.by_key.values())
        self.circumstances = runtime.circumstances
        self._executors = HostExecutors(
            runtime,
            self.checks,
            recorder,
            heartbeats=store.heartbeats,
            progress=store.load_progress,
            shares=store.load_shares,
        )
        self.executors: Mapping[Kind, Executor] = self._executors.by_kind

    def activate(self) -> None:
        """Announce that runs are executed by this runtime from now on."""
        self._activated(self)

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for the runs under way, at most so long, and return what is not finished then; leaves nothing behind."""
        unfinished = self._executors.close(within_s)
        self._stack.close()
        return unfinished


class RuntimeRecords(CheckRecords, Protocol):
    """Checks, and the settings that hold in the place of those in files."""

    @property
    def overrides(self) -> OverrideLog:
        """Settings that were changed beside the file."""
        ...


class ServiceRuntimeFactory:
    """Makes runtimes of the workspace as it is now; used by one thread at a time.

    Args:
        activated: Is called with each runtime when the service begins to execute runs by it.
    """

    def __init__(
        self,
        root: Path,
        store: RuntimeRecords,
        recorder_of: Callable[[], RetryingRecorder],
        activated: Callable[[ServiceRuntime], None],
    ) -> None:
        self._root = root
        self._store = store
        self._recorder_of = recorder_of
        self._activated = activated
        self._seen: dict[str, FileStatus] = {}
        self._seen_overrides: dict[str, Value] = {}
        self._exclude: tuple[str, ...] = ()
        self._has_made = False

    def changed(self) -> bool:
        """Return whether files changed since a runtime was made of them, or refused; false if the folder is gone."""
        if not self._root.exists():
            return False
        return self._seen != self._files() or self._seen_overrides != override_values(self._store.overrides)

    def make(self) -> ServiceRuntime:
        """Make a runtime; what is wrong with single files refuses a change, and not a first start."""
        workspace = self._load()
        runtime = ServiceRuntime(workspace, self._store, self._recorder_of(), self._activated, strict=self._has_made)
        self._has_made = True
        return runtime

    def _load(self) -> Workspace:
        """Load the workspace; what is saved from now on counts as a change."""
        self._seen = self._files()
        self._seen_overrides = override_values(self._store.overrides)
        workspace = load_overridden(self._root, self._store.overrides)
        if workspace.exclude != self._exclude:  # other files count from now on: see them before they are read
            self._exclude = workspace.exclude
            return self._load()
        return workspace

    def _files(self) -> dict[str, FileStatus]:
        return watched_files(self._root, self._exclude)
