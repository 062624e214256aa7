"""The rules over queries that hold now: read again when their file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from outrider.alerts import ALERTS_FILE, rules_of
from outrider.model import OutriderError, RecordKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import QueryRule
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.telemetry")


class FollowedRules:
    """Follows `scheduler/alerts.toml`; a state of it that is wrong leaves the rules as they were.

    Args:
        workspace: Whose file, and whose switches.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: object = None
        self._rules: Sequence[QueryRule] = ()

    def use(self, workspace: Workspace) -> None:
        """Follow the switches of another state of the workspace."""
        self._workspace = workspace

    def takes(self, kind: RecordKind) -> bool:
        """Return whether records of a kind are taken."""
        switches = self._workspace.capabilities
        return switches.logs if kind is RecordKind.LOGS else switches.traces

    def current(self) -> Sequence[QueryRule]:
        """Return the rules; none while judging or alerts are switched off."""
        switches = self._workspace.capabilities
        if not (switches.alerts and switches.judging):
            return ()
        seen = self._status()
        if seen != self._seen:
            self._seen = seen
            try:
                self._rules = rules_of(self._workspace)
            except OutriderError as error:
                log.warning("rules stay as they were", reason=str(error))
        return self._rules

    def _status(self) -> object:
        try:
            status = (self._workspace.root / ALERTS_FILE).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
