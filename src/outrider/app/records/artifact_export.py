"""A run's artifacts as files that programs open: named by what they are, unpacked, in a folder of their own."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from outrider.model import GZIP_SUFFIX, ArtifactKind, ErrorSource, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import Attempt, StoredArtifact, StoredRun

_NAMES = {ArtifactKind.HAR: "requests", ArtifactKind.LOG: "output"}
"""What an exported file is called, where that is not its kind."""
_ENDINGS = {
    "application/zip": ".zip",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "video/webm": ".webm",
    "text/plain": ".txt",
    "text/html": ".html",
}


def export_artifacts(stored: StoredRun, folder: Path) -> tuple[Path, ...]:
    """Write a run's artifacts, and what its pages wrote to their consoles, into a new folder; return the files.

    The files of several attempts lie in a folder each. What was masked when the run was stored stays masked.

    Raises:
        UsageError: no-artifact, export-exists, unwritable-export.
        StoreError: artifact-missing if retention removes a file meanwhile.
    """
    files = dict(_files(stored))
    if not files:
        fix = "run the check again: retention removed what there was, or the check records nothing"
        raise UsageError(f"run {stored.run.id} has kept no artifact", slug="no-artifact", fix=fix)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            fix = "name a folder that does not exist yet"
            raise UsageError(f"{folder} exists and is not empty", slug="export-exists", fix=fix)
        return tuple(_written(folder / name, content) for name, content in files.items())
    except OSError as error:
        fix = "name a folder below one that this user may write to"
        what = f"{folder} cannot be written: {error.strerror}"
        raise UsageError(what, slug="unwritable-export", fix=fix) from None


def _written(path: Path, content: StoredArtifact | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content.read())
    return path


def _files(stored: StoredRun) -> Iterator[tuple[PurePath, StoredArtifact | str]]:
    """Yield every file by its name below the folder."""
    consoles = {attempt.number: text for attempt in stored.run.attempts if (text := _console(attempt))}
    several = len({artifact.attempt for artifact in stored.artifacts} | consoles.keys()) > 1
    folders = {attempt.number: PurePath(_folder(attempt) if several else "") for attempt in stored.run.attempts}
    for artifact in stored.artifacts:
        yield folders[artifact.attempt] / _name(artifact), artifact
    for number, text in consoles.items():
        yield folders[number] / "console.log", text


def _folder(attempt: Attempt) -> str:
    return f"attempt-{attempt.number}{'-evidence' if attempt.evidence else ''}"


def _name(artifact: StoredArtifact) -> str:
    """Return a name with the ending that programs know the content by, with the ordinal of several of a kind."""
    name = PurePath(artifact.name.removesuffix(GZIP_SUFFIX))
    kept = name.stem.replace(artifact.kind, _NAMES.get(artifact.kind, artifact.kind), 1)
    return f"{kept}{_ENDINGS.get(artifact.media_type, name.suffix)}"


def _console(attempt: Attempt) -> str:
    """Return what pages wrote to their consoles and the exceptions that they did not catch, a line each at least."""
    lines = []
    for error in attempt.measurement.errors:
        if error.source in {ErrorSource.CONSOLE, ErrorSource.PAGE}:
            at = "" if error.offset_ms is None else f"{error.offset_ms:9.0f} ms "
            lines.append(f"{at}{error.source} {error.url} {error.message.strip()}")
            if error.stack:
                lines.append(error.stack.rstrip())
    return "\n".join([*lines, ""]) if lines else ""
