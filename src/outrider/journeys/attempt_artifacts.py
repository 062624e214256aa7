"""Artifacts of an attempt: traces, HARs, screenshots, videos and the log."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from outrider.model import ArtifactFile, ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from outrider.journeys.worker_messages import AttemptResult


_RESOURCE_FOLDERS = {"resources", "screencast"}


def keep_artifacts(scratch: Path, traces: Iterable[Path], result: AttemptResult | None) -> tuple[ArtifactFile, ...]:
    """Return the files of an attempt, each under a name of its own."""
    files = [(ArtifactKind.TRACE, "application/zip", _viewable(path, scratch)) for path in traces]
    if result is not None:
        files += [
            (ArtifactKind.HAR, "application/json", scratch / context.har) for context in result.contexts if context.har
        ]
        files += [(ArtifactKind.SCREENSHOT, "image/png", scratch / path) for path in result.screenshots]
        files += [(ArtifactKind.VIDEO, "video/webm", scratch / path) for path in result.videos]
        if result.log:
            (scratch / "output.log").write_text(result.log, encoding="utf-8", errors="replace")
            files.append((ArtifactKind.LOG, "text/plain", scratch / "output.log"))
    kept: list[ArtifactFile] = []
    for kind, media_type, path in files:
        if path.is_file():
            ordinal = 1 + sum(file.kind == kind for file in kept)
            name = f"{kind}{f'-{ordinal}' if ordinal > 1 else ''}{path.suffix}"
            kept.append(ArtifactFile(kind, name, media_type, path))
    return tuple(kept)


def _viewable(trace: Path, scratch: Path) -> Path:
    """Return a trace that Playwright's viewer opens: the raw files of a killed test are put into an archive."""
    if trace.suffix != ".trace" or not trace.is_file():
        return trace
    archive = scratch / f"{trace.stem}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(trace, "trace.trace")
        network = trace.with_suffix(".network")
        if network.is_file():
            target.write(network, "trace.network")
        for path in _resources(trace):
            target.write(path, path.relative_to(trace.parent))
    return archive


def _resources(trace: Path) -> list[Path]:
    """Return the pictures and bodies of a full trace that nobody ended: they lie in folders beside it."""
    folders = [folder for folder in trace.parent.iterdir() if folder.is_dir() and folder.name in _RESOURCE_FOLDERS]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
