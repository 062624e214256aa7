"""Files of stored rows: samples, runs, rollups and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.app.access.workspace_access import now_us
from outrider.frames import FrameFormat, write_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.frames import DataFrame, FrameReader

EXPORTS = ("samples", "runs", "rollups", "incidents")


def export_frames(
    reader: FrameReader,
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
        reader: Of the rows, in whose time zone the times are written.
        rows: One of `EXPORTS`.
        pattern: A check's id, with `*` for any characters.
        since: A moment, or a duration back from now such as "7d"; None for the oldest.
        until: The same; None for now.
        metric: Of samples and rollups; empty for samples of all metrics.
        kind: The format.
        target: The file; None is standard output.
        replace: Whether an existing file may be replaced.

    Raises:
        UsageError: bad-moment, file-exists, unwritable-file, missing-extra; of a server not-remote, frame-too-large.
        ServerError: If the server cannot be asked.
    """
    frames = _frames(reader, rows, pattern, since, until, metric)
    return write_frames(frames, target, kind, replace=replace)


def empty_range_note(reader: FrameReader, rows: str, *, since: str | None, until: str | None) -> str:
    """Return that no rows lie between two moments, each None or as `export_frames` takes them; empty without any."""
    bounds = {"since": since, "until": until}
    moments = {name: (text, reader.moment_us(text)) for name, text in bounds.items()}
    span = " ".join(
        f"{name} {_date(moment_us, reader.zone, text)}"
        for name, (text, moment_us) in moments.items()
        if text is not None and moment_us is not None
    )
    since_us = moments["since"][1]
    future = ", which is in the future" if since_us is not None and since_us > now_us() else ""
    return f"no {rows} {span}{future}" if span else ""


def _date(moment_us: int, timezone: str, text: str) -> str:
    try:
        return f"{datetime.fromtimestamp(moment_us / 1_000_000, ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S %Z}"
    except (ValueError, OverflowError):  # at the end of the calendar
        return text


def _frames(  # noqa: PLR0917 - what was typed
    reader: FrameReader, rows: str, pattern: str, since: str | None, until: str | None, metric: str
) -> Iterator[DataFrame]:
    match rows:
        case "samples":
            return reader.sample_chunks(pattern, metric=metric, since=since, until=until)
        case "runs":
            return reader.run_chunks(pattern, since=since, until=until)
        case "rollups":
            return reader.rollup_chunks(pattern, metric=metric, since=since, until=until)
        case _:
            return iter([reader.incidents(since=since, until=until)])
