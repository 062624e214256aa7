"""Frames as files: CSV, JSON and Parquet, chunk by chunk, so that memory does not grow with the range."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import IO, TYPE_CHECKING

from outrider.model import Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pandas as pd


class FrameFormat(StrEnum):
    """How frames are written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def write_frames(
    frames: Iterable[pd.DataFrame], target: Path | None, kind: FrameFormat, *, replace: bool = False
) -> int:
    """Write frames of the same columns into one file, whole or not at all, and return the number of rows.

    Args:
        frames: At least one; an empty one gives the header alone.
        target: The file; None is standard output.
        kind: The format; JSON is one array of objects.
        replace: Whether an existing file may be replaced.

    Raises:
        UsageError: file-exists, unwritable-file, missing-extra.
    """
    write = {FrameFormat.CSV: _write_csv, FrameFormat.JSON: _write_json, FrameFormat.PARQUET: _write_parquet}[kind]
    if target is None:
        return write(frames, sys.stdout.buffer)
    if target.exists() and not target.is_file():  # a device or a pipe would be replaced by a file
        raise UsageError(
            "is no file",
            slug="unwritable-file",
            fix="name a file, or leave --out away and redirect",
            where=Place(str(target)),
        )
    if target.exists() and not replace:
        raise UsageError(
            "exists already",
            slug="file-exists",
            fix="name another, or replace it with --force",
            where=Place(str(target)),
        )
    with _whole_file(target) as file:
        return write(frames, file)


@contextmanager
def _whole_file(target: Path) -> Iterator[IO[bytes]]:
    """Open a file beside the target, which takes its place when all is written."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            yield file
        fresh.replace(target)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}",
            slug="unwritable-file",
            fix="name a file in a folder that exists and that this user may write to",
            where=Place(str(target)),
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _write_csv(frames: Iterable[pd.DataFrame], file: IO[bytes]) -> int:
    rows = 0
    for number, frame in enumerate(frames):
        file.write(frame.to_csv(header=number == 0, lineterminator="\n").encode())
        rows += len(frame)
    return rows


def _write_json(frames: Iterable[pd.DataFrame], file: IO[bytes]) -> int:
    rows = 0
    file.write(b"[")
    for frame in frames:
        if len(frame):
            text = frame.reset_index().to_json(orient="records", date_format="iso", date_unit="us")
            file.write(b",\n" if rows else b"\n")
            file.write((text or "")[1:-1].encode())
        rows += len(frame)
    file.write(b"\n]\n")
    return rows


def _write_parquet(frames: Iterable[pd.DataFrame], file: IO[bytes]) -> int:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            "Parquet needs pyarrow", slug="missing-extra", fix="pip install 'outrider[parquet]', or write CSV"
        ) from None
    writer = None
    rows = 0
    for frame in frames:
        table = pa.Table.from_pandas(_plain(frame))
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table.cast(writer.schema))
        rows += len(frame)
    if writer is not None:
        writer.close()
    return rows


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Write categories as text: chunks may know different ones."""
    words = {name: "str" for name in frame.columns if frame[name].dtype == "category"}
    return frame.astype(words)
