"""The code that a run executed, out of its snapshot, with the line that failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.check_detail import named_check
from outrider.model import Outcome, UsageError

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import Attempt, Run

_AROUND = 8
_MOST_LINES = 600
_LINE_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class SourceExcerpt:
    """A file of a snapshot.

    Attributes:
        lines: Number and text; `more_lines` are left out.
        marked: The line that failed, or else where the test begins; 0 if neither is known.
        is_failing: Whether `marked` failed.
    """

    path: str
    lines: tuple[tuple[int, str], ...]
    more_lines: int
    marked: int
    is_failing: bool

    @property
    def near(self) -> tuple[tuple[int, str], ...]:
        """The lines around the marked one."""
        return tuple(line for line in self.lines if abs(line[0] - self.marked) <= _AROUND)


def source_excerpt(sources: Sources, run: Run) -> SourceExcerpt | None:
    """Return the file that a run executed; None where its snapshot is not kept any more, or it has none."""
    try:
        check, _ = named_check(sources, run.check)
    except UsageError:
        return None
    place = failing_place(run, check.path)
    path, line = place or (check.path, 0)
    text = sources.code(run.circumstances.snapshot, path) if run.circumstances.snapshot and path else None
    if text is None:
        return None
    lines = text.splitlines()
    marked = line or _beginning(lines, check.target)
    first = max(0, min(marked - _MOST_LINES // 2, len(lines) - _MOST_LINES))
    shown = tuple((first + number, row[:_LINE_CHARACTERS]) for number, row in enumerate(lines[first:][:_MOST_LINES], 1))
    return SourceExcerpt(path, shown, len(lines) - len(shown), marked, is_failing=place is not None)


def failing_place(run: Run, path: str) -> tuple[str, int] | None:
    """Return the file and line of the first attempt that did not pass; None where nothing names one."""
    for attempt in run.attempts:
        if attempt.measurement.outcome is not Outcome.PASSED:
            return _failed_step(attempt) or _traced(attempt, path)
    return None


def _failed_step(attempt: Attempt) -> tuple[str, int] | None:
    """Return where the innermost step that failed was called."""
    failed = [step for step in attempt.measurement.steps if step.error is not None and step.source]
    if not failed:
        return None
    path, _, line = max(failed, key=lambda step: step.offset_ms).source.rpartition(":")
    return (path, int(line)) if line.isascii() and line.isdigit() and len(line) < 8 else None


def _traced(attempt: Attempt, path: str) -> tuple[str, int] | None:
    """Return the last line of the check's own file that the traceback of the test names."""
    named = re.compile(rf"(?:^|[\s/\"']){re.escape(path)}\"?(?::|, line )(\d{{1,7}})\b")
    lines = [line for error in attempt.measurement.errors for line in named.findall(error.stack[:100_000])]
    return (path, int(lines[-1])) if path and lines else None


def _beginning(lines: list[str], target: str) -> int:
    """Return where a test or a probe of a name begins; 0 if that is not found."""
    name = re.escape(target.rpartition("::")[2].partition("[")[0] or target)
    table = rf"\s*\[.*\b{name}\b.*\]|\s*name\s*=\s*[\"']{name}[\"']"
    begins = re.compile(rf"\s*(?:async\s+)?(?:def|class)\s+{name}\b|{table}")
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 0)
