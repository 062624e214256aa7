"""Telemetry that is taken, or not, as the settings of a workspace say now."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from outrider.app.access.setting_overrides import load_overridden, override_values
from outrider.model import OutriderError
from outrider.workspace import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import OverrideLog
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.telemetry")

_LOOK_EVERY_S: Final = 5.0
_LOOKS_UNTIL_AGAIN: Final = 12


def _telemetry(workspace: Workspace) -> object | None:
    return workspace.telemetry if workspace.capabilities.telemetry else None


class RunningTelemetry(Protocol):
    """Takes telemetry until it is closed."""

    def use(self, workspace: Workspace) -> None:
        """Take the signals that are switched on in a workspace."""
        ...

    def close(self) -> None:
        """Take nothing more."""
        ...


class TelemetryFollower:
    """Takes telemetry while it is switched on, and the signals that are; without an engine and a port while it is off.

    What hinders it, such as a missing extra, is reported once and tried again every minute; checks go on.

    Args:
        workspace: As it is when the service starts.
        overrides: Settings that hold in the place of the file's.
        begin: Begins to take telemetry.
        report: Takes what hinders it.
        settings: Returns the section of the workspace, None while it is absent or switched off.
        what: Is taken, for the log.
    """

    def __init__(
        self,
        workspace: Workspace,
        overrides: OverrideLog,
        begin: Callable[[Workspace], RunningTelemetry],
        report: Callable[[OutriderError], None],
        *,
        settings: Callable[[Workspace], object | None] = _telemetry,
        what: str = "telemetry",
    ) -> None:
        self._workspace = workspace
        self._overrides = overrides
        self._begin = begin
        self._report = report
        self._settings = settings
        self._what = what
        self._reported = ""
        self._unread = ""
        self._seen: object = None
        self._running: RunningTelemetry | None = None
        self._used: Workspace | None = None
        self._looks_to_wait = 0
        self._woken = threading.Event()
        self._is_stopping = False

    def run(self) -> None:
        """Follow the settings until `stop` is called."""
        try:
            while not self._is_stopping:
                self.look()
                self._woken.wait(_LOOK_EVERY_S)
                self._woken.clear()
        finally:
            self._close()

    def stop(self) -> None:
        """End `run` soon; may be called from any thread and from a signal handler."""
        self._is_stopping = True
        self._woken.set()

    def hurry(self) -> None:
        """Look at once; may be called from any thread and from a signal handler."""
        self._looks_to_wait = 0
        self._woken.set()

    def look(self) -> None:
        """Take up what has changed, and try again what is due."""
        self._read()
        wanted = self._workspace
        settings = self._settings(wanted)
        if settings is None:
            self._close()
        elif self._running is not None and self._used is not None and self._settings(self._used) == settings:
            if self._used.capabilities != wanted.capabilities:
                self._running.use(wanted)
                log.info("signals of telemetry are taken as they are switched on")
                self._used = wanted
        elif self._used == wanted and self._looks_to_wait > 0:  # it was refused a moment ago
            self._looks_to_wait -= 1
        else:
            self._close()
            self._try(wanted)

    def _read(self) -> None:
        """Read the settings if they have changed; what cannot be read leaves them as they were."""
        try:
            status = (self._workspace.root / SETTINGS_FILE).stat()
            seen = (status.st_mtime_ns, status.st_size, override_values(self._overrides))
            if seen != self._seen:
                self._seen = seen
                self._workspace = load_overridden(self._workspace.root, self._overrides)
            self._unread = ""
        except (OutriderError, OSError) as problem:
            if str(problem) != self._unread:
                self._unread = str(problem)
                log.warning(f"settings of {self._what} cannot be read", reason=self._unread)

    def _try(self, wanted: Workspace) -> None:
        self._used = wanted
        try:
            self._running = self._begin(wanted)
            self._reported = ""
        except OutriderError as problem:
            self._looks_to_wait = _LOOKS_UNTIL_AGAIN
            if str(problem) != self._reported:
                self._reported = str(problem)
                self._report(problem)

    def _close(self) -> None:
        if self._running is not None:
            self._running.close()
            log.info(f"{self._what}: not taken any more")
        self._running = self._used = None
