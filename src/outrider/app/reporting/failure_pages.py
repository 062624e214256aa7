"""A page of each run that did not pass, written where the person who ran it finds it."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.model import Outcome, OutriderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from outrider.app.access.listeners import ProgressListener
    from outrider.model import ReportRecords, Run, RunId
    from outrider.workspace import Workspace

MOST_PAGES = 10
_FOLDER = "failures"
_LONGEST_BYTES = 120  # of a name, beside what is added while it is written; systems take 255


def write_failure_pages(
    workspace: Workspace, store: ReportRecords, runs: Iterable[Run], *, listener: ProgressListener = SILENT
) -> Mapping[RunId, Path]:
    """Write a page of each stored run that did not pass, at most `MOST_PAGES`, and return where each lies.

    Pages older than evidence may be are removed. A page that cannot be written costs no run: the listener takes why.
    """
    bad = [run for run in runs if not run.outcome.is_good and run.outcome is not Outcome.SKIPPED and run.attempts]
    pages: dict[RunId, Path] = {}
    if bad:
        from outrider.app.reporting.report_documents import run_document  # noqa: PLC0415 - a tenth of all imports of a passing run
    folder = workspace.state / _FOLDER
    for run in bad[:MOST_PAGES]:
        try:
            pages[run.id] = run_document(workspace, store, run.id).write(folder / _name(run))
        except OutriderError as error:
            listener.problem(error)
    _remove_expired(folder, workspace.retention.evidence_s)
    return pages


def _name(run: Run) -> str:
    """Return a file name that says which check failed."""
    readable = re.sub(r"[^\w.-]+", "-", run.check.rpartition("::")[2] or run.check).strip("-")
    short = readable.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    return f"{short}-{run.id[-8:]}.html"


def _remove_expired(folder: Path, age_s: float) -> None:
    for page in folder.glob("*.html"):
        with suppress(OSError):
            if page.stat().st_mtime < time.time() - age_s:
                page.unlink()
