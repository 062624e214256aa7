"""Stored runs: listed, shown, and the files of their artifacts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.model import ArtifactKind, Excerpt, Outcome, RunLog, RunSummary, StoredRun


def list_runs(
    log: RunLog,
    pattern: str = "*",
    *,
    outcome: Outcome | None = None,
    location: str | None = None,
    limit: int | None = 20,
) -> Excerpt[RunSummary]:
    """Return stored runs, the latest first.

    Args:
        log: Where they are.
        pattern: A check's id, with * for any characters.
        outcome: Only runs that ended so.
        location: Only runs there.
        limit: How many at most; None for all.
    """
    return log.search(pattern, outcome=outcome, location=location, limit=limit)


def stored_run(log: RunLog, run: str) -> StoredRun:
    """Return a run with its artifacts, by its id or a unique beginning or end of it.

    Raises:
        UsageError: unknown-run.
    """
    return log.get(run)


def artifact_file(stored: StoredRun, kind: ArtifactKind) -> Path:
    """Return a file of the latest artifact of a kind; what is kept as gzip is unpacked to a temporary folder.

    Raises:
        UsageError: no-artifact if there is none in a local folder.
    """
    artifacts = [artifact for artifact in stored.artifacts if artifact.kind == kind and artifact.path]
    if not artifacts:
        kinds = ", ".join(sorted({artifact.kind for artifact in stored.artifacts})) or "nothing"
        raise UsageError(
            f"run {stored.run.id} has no {kind} in a local folder", slug="no-artifact", fix=f"it has kept: {kinds}"
        )
    artifact = artifacts[-1]
    assert artifact.path is not None
    if not artifact.name.endswith(".gz"):
        return artifact.path
    folder = Path(tempfile.mkdtemp(prefix=f"outrider-{stored.run.id[-8:]}-"))
    path = folder / artifact.name.removesuffix(".gz")
    path.write_bytes(artifact.read())
    return path
