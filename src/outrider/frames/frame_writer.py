"""Frames as files: CSV, JSON and Parquet, chunk by chunk, so that memory does not grow with the range."""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pandas as pd

from outrider.model import Place, UsageError, spreadsheet_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FREE = "free space on that disk, or name a file on another"
_FIXES = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EFBIG: _FREE,
    errno.ELOOP: "name a file: this link leads back to itself",
    errno.ENAMETOOLONG: "give the file a shorter name",
}


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
        return _write_to_output(frames, write)
    with _refusals_at(str(target)), _whole_file(_writable_file(target, replace=replace)) as file:
        return write(frames, file)


def _write_to_output(frames: Iterable[pd.DataFrame], write: Callable[[Iterable[pd.DataFrame], IO[bytes]], int]) -> int:
    if sys.stdout is None:  # the program was started without one
        raise UsageError("standard output is closed", slug="unwritable-file", fix="name a file with --out")
    with _refusals_at("standard output"):
        rows = write(frames, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return rows


def _writable_file(target: Path, *, replace: bool) -> Path:
    """Return the file that a path leads to: a link stays, and what it names is written."""
    file = Path(os.path.realpath(target))
    if file.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    exists = _exists(target)
    if exists and not (file.is_file() and file.samefile(target)):  # a device, a pipe, or a file without a name
        raise UsageError(
            "is not a regular file",
            slug="unwritable-file",
            fix="name a file, or leave --out away and redirect",
            where=Place(str(target)),
        )
    if exists and not replace:
        raise UsageError(
            "exists already",
            slug="file-exists",
            fix="name another, or replace it with --force",
            where=Place(str(target)),
        )
    return file


def _exists(target: Path) -> bool:
    try:
        target.stat()
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _whole_file(target: Path) -> Iterator[IO[bytes]]:
    """Open a file beside the target, which takes its place when all is written."""
    fresh = target.with_name(f".export-{os.getpid()}-{secrets.token_hex(4)}")  # short, whatever the target's name
    try:
        with fresh.open("xb") as file:
            yield file
        fresh.replace(target)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


@contextmanager
def _refusals_at(place: str) -> Iterator[None]:
    """Report what the system refuses with the place and the remedy; a reader that has gone away passes through."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or error}",
            slug="unwritable-file",
            fix=_FIXES.get(error.errno or 0, "name a file in a folder that exists and that this user may write to"),
            where=Place(place),
        ) from error


def _write_csv(frames: Iterable[pd.DataFrame], file: IO[bytes]) -> int:
    rows = 0
    for number, frame in enumerate(frames):
        file.write(_as_cells(frame).to_csv(header=number == 0, lineterminator="\n").encode())
        rows += len(frame)
    return rows


def _as_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts no spreadsheet takes for a formula."""
    cells = {}
    for name in frame.columns:
        texts = frame[name]
        words = texts.cat.categories if texts.dtype == "category" else texts.unique() if texts.dtype == "str" else ()
        changed = {word: cell for word in words if (cell := spreadsheet_cell(word)) is not word}
        if changed:
            cells[name] = texts.astype("str").replace(changed)
    return frame.assign(**cells) if cells else frame


def _write_json(frames: Iterable[pd.DataFrame], file: IO[bytes]) -> int:
    rows = 0
    file.write(b"[")
    for frame in frames:
        whole = frame.reset_index()
        columns = [_json_values(whole[name]) for name in whole.columns]
        for row in zip(*columns, strict=True):
            file.write(b",\n" if rows else b"\n")
            file.write(json.dumps(dict(zip(whole.columns, row, strict=True)), separators=(",", ":")).encode())
            rows += 1
    file.write(b"\n]\n")
    return rows


def _json_values(column: pd.Series) -> list[object]:
    """Return what JSON can hold: times with their offset, whole floats, and null for what is no number or time."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if at is pd.NaT else at.isoformat(timespec="microseconds") for at in column]
    if column.dtype.kind == "f":
        return [value if math.isfinite(value) else None for value in column.tolist()]
    return column.tolist()


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
