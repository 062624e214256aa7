"""Files of stored rows: samples, runs, rollups and incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.workspace_handle import OpenWorkspace
from outrider.frames import FrameFormat, write_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.frames import DataFrame
    from outrider.store import Store
    from outrider.workspace import Workspace

EXPORTS = ("samples", "runs", "rollups", "incidents")


def export_frames(
    workspace: Workspace,
    store: Store,
    rows: str,
    pattern: str = "*",
    *,
    since: str | None = None,
    until: str | None = None,
    metric: str = "duration_ms",
    kind: FrameFormat = FrameFormat.CSV,
    target: Path | None = None,
    replace: bool = False,
) -> int:
    """Write rows into a file, chunk by chunk, and return how many.

    Args:
        workspace: Whose time zone the times are written in.
        store: Where the rows are.
        rows: One of `EXPORTS`.
        pattern: A check's id, with `*` for any characters.
        since: A moment, or a duration back from now such as "7d"; None for the oldest.
        until: The same; None for now.
        metric: Of samples and rollups; empty for samples of all metrics.
        kind: The format.
        target: The file; None is standard output.
        replace: Whether an existing file may be replaced.

    Raises:
        UsageError: bad-moment, file-exists, unwritable-file, missing-extra.
    """
    frames = _frames(OpenWorkspace(workspace, store), rows, pattern, since, until, metric)
    return write_frames(frames, target, kind, replace=replace)


def _frames(  # noqa: PLR0917 - what was typed
    workspace: OpenWorkspace, rows: str, pattern: str, since: str | None, until: str | None, metric: str
) -> Iterator[DataFrame]:
    reader = workspace.frames
    match rows:
        case "samples":
            return reader.sample_chunks(pattern, metric=metric, since=since, until=until)
        case "runs":
            return reader.run_chunks(pattern, since=since, until=until)
        case "rollups":
            return reader.rollup_chunks(pattern, metric=metric, since=since, until=until)
        case _:
            return iter([reader.incidents(since=since, until=until)])
