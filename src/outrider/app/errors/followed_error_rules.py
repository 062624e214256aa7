"""The rules for errors that hold now: read again when their file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from outrider.model import ErrorRules, OutriderError
from outrider.workspace import ERRORS_FILE, read_error_rules

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger("outrider.errors")


class FollowedErrorRules:
    """Follows `scheduler/errors.toml`, for `ErrorLog.add`; a state of it that is wrong leaves the rules as they were.

    Args:
        root: Of the workspace.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: object = None
        self._rules = ErrorRules()

    def current(self) -> ErrorRules:
        """Return the rules; costs a look at the file's state."""
        seen = self._status()
        if seen != self._seen:
            self._seen = seen
            try:
                self._rules = read_error_rules(self._root)
            except OutriderError as error:
                log.warning("errors.rules", why=str(error), effect="they stay as they were")
        return self._rules

    def _status(self) -> object:
        try:
            status = (self._root / ERRORS_FILE).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
