"""Notable patterns of log records, in a file: whoever follows them writes it, pages and commands read it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from outrider.model import Notable, NotablePattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOTABLE_FILE: Final = "telemetry/notable_patterns.json"
"""In the folder of the workspace's state."""


def read_notable(path: Path) -> tuple[NotablePattern, ...]:
    """Return what is notable, or was within a day, the latest first; nothing where the file is missing or damaged."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        patterns = [
            NotablePattern(**{**row, "why": Notable(row["why"]), "rules": tuple(row.get("rules", ()))}) for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return tuple(sorted(patterns, key=lambda pattern: (-pattern.until_s, -pattern.since_s, pattern.name)))


def write_notable(path: Path, patterns: Iterable[NotablePattern]) -> None:
    """Replace what is notable."""
    replace_file(path, [asdict(pattern) for pattern in patterns])


def replace_file(path: Path, value: object) -> None:
    """Write a value as JSON in the place of a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value), encoding="utf-8")
    fresh.replace(path)
