"""The telemetry of a workspace as pages and the API reach it: the engine that runs, or a server; none is started."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrider.app.lookup.joined_telemetry import JoinedTelemetry, join_telemetry
from outrider.app.lookup.telemetry_access import ENGINE_FOLDER, reach_telemetry
from outrider.telemetry_store import running_engine

if TYPE_CHECKING:
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace


class TelemetryLink:
    """Opens the telemetry when it is first asked for, and again after its engine was started anew.

    Args:
        workspace: Whose settings hold.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._store: TelemetryStore | None = None
        self._mark: object = None

    def use(self, workspace: Workspace) -> None:
        """Take up another state of the workspace."""
        with self._lock:
            if workspace.telemetry != self._workspace.telemetry:
                self._forget()
            self._workspace = workspace

    @property
    def is_on(self) -> bool:
        """Whether the workspace takes telemetry."""
        return self._workspace.telemetry is not None and self._workspace.capabilities.telemetry

    def joined(self) -> JoinedTelemetry:
        """Return the telemetry with the sources, the sources alone where none is taken; raises what `reader` does."""
        return join_telemetry(self._workspace, lambda _: self.reader())

    def reader(self) -> TelemetryStore:
        """Return the telemetry; may be asked for by any thread.

        Raises:
            UsageError: telemetry-off, switched-off, missing-secret.
            TelemetryError: missing-extra, telemetry-newer, telemetry-refused.
            TelemetryUnavailable: telemetry-unreachable.
        """
        with self._lock:
            mark = self._engine()
            if self._store is None or mark != self._mark:
                self._forget()
                self._store, self._mark = reach_telemetry(self._workspace), mark
            return self._store

    def close(self) -> None:
        """Close connections."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = None

    def _engine(self) -> object:
        """Return which engine runs, None for a server."""
        settings = self._workspace.telemetry
        if settings is None or settings.clickhouse:
            return None
        return running_engine(self._workspace.state / ENGINE_FOLDER)
