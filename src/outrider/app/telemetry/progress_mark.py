"""A file that says until when something is done, so that it goes on from there after a restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrider.telemetry_store import replace_file

if TYPE_CHECKING:
    from pathlib import Path


class ProgressMark:
    """Says until when it is done.

    Args:
        path: Of the file, whose folder is made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def until_s(self) -> int:
        """Seconds since 1970; 0 without a file that can be read."""
        try:
            return int(json.loads(self._path.read_text(encoding="utf-8"))["until_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def move(self, until_s: int) -> None:
        """Take note that it is done until then."""
        replace_file(self._path, {"until_s": until_s})
