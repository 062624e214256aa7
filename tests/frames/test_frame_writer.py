"""Files of frames: links are followed, what is no file is refused, and numbers and times are whole."""

from __future__ import annotations

import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import IO, cast

import pandas as pd
import pytest

from outrider.frames import FrameFormat, write_frames
from outrider.model import UsageError

BEGIN = "2026-01-01 09:00"


def frame(*values: float) -> pd.DataFrame:
    """Return a frame of a sample a minute, from nine o'clock in Berlin."""
    index = pd.date_range(BEGIN, periods=len(values), freq="min", tz="Europe/Berlin", name="due_at")
    return pd.DataFrame({"duration_ms": list(values)}, index=index)


def write(target: Path | None, *, kind: FrameFormat = FrameFormat.CSV, replace: bool = False) -> int:
    return write_frames([frame(1.0)], target, kind, replace=replace)


def refusal(target: Path | None, *, replace: bool = False) -> UsageError:
    with pytest.raises(UsageError) as refused:
        write(target, replace=replace)
    return refused.value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_text_that_a_spreadsheet_would_compute_is_marked_in_csv_alone(tmp_path: Path) -> None:
    """Of words and of texts; the same word is marked in each of its rows, and numbers stay."""
    rows = frame(-1.0, 2.0, 3.0)
    rows["check"] = pd.Categorical(["@home", "pay", "@home"])
    rows["reason"] = pd.array(["=1+1", "", "-2 ms"], dtype="str")
    write_frames([rows], tmp_path / "rows.csv", FrameFormat.CSV)
    write_frames([rows], tmp_path / "rows.json", FrameFormat.JSON)

    cells = [line.split(",")[1:] for line in (tmp_path / "rows.csv").read_text().splitlines()[1:]]
    assert cells == [["-1.0", "'@home", "'=1+1"], ["2.0", "pay", ""], ["3.0", "'@home", "-2 ms"]]
    assert [row["reason"] for row in json.loads((tmp_path / "rows.json").read_text())] == ["=1+1", "", "-2 ms"]


def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path) -> None:
    """Replaced only if asked, as any file."""
    file, link = tmp_path / "rows.csv", tmp_path / "link.csv"
    file.write_text("mine")
    link.symlink_to("rows.csv")

    assert refusal(link).slug == "file-exists"
    write(link, replace=True)

    assert (link.readlink().name, file.is_symlink()) == ("rows.csv", False)
    assert file.read_text().startswith("due_at,duration_ms")


def test_a_link_to_a_file_that_is_missing_makes_it(tmp_path: Path) -> None:
    """As a shell's redirection does."""
    link = tmp_path / "link.csv"
    link.symlink_to("rows.csv")

    write(link)

    assert (link.is_symlink(), names(tmp_path)) == (True, ["link.csv", "rows.csv"])


def test_a_link_to_an_open_file_by_its_descriptor_stays(tmp_path: Path) -> None:
    """As /dev/stdout is one, when it is redirected."""
    link = tmp_path / "out"
    with (tmp_path / "rows.csv").open("wb") as file:
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        write(link, replace=True)

    assert link.is_symlink()
    assert (tmp_path / "rows.csv").read_text().startswith("due_at,duration_ms")


def test_a_link_to_a_file_without_a_name_is_refused(tmp_path: Path) -> None:
    """A pipe or a deleted file behind a descriptor has no name that a file could take."""
    reader, writer = os.pipe()
    gone = tmp_path / "gone"
    with gone.open("wb") as file:
        gone.unlink()
        for number, descriptor in enumerate((writer, file.fileno())):
            link = tmp_path / f"out{number}"
            link.symlink_to(f"/proc/self/fd/{descriptor}")
            assert refusal(link, replace=True).slug == "unwritable-file"
            assert link.is_symlink()
    os.close(reader)
    os.close(writer)
    assert names(tmp_path) == ["out0", "out1"]


@pytest.mark.parametrize("leads_to", ["pipe", "loop"])
def test_a_link_to_what_is_no_file_is_refused(tmp_path: Path, leads_to: str) -> None:
    """It stays, forced or not."""
    os.mkfifo(tmp_path / "pipe")
    link = tmp_path / "loop"
    link.symlink_to(leads_to)

    for replace in (False, True):
        refused = refusal(link, replace=replace)
        assert (refused.slug, bool(refused.fix)) == ("unwritable-file", True)
    assert (link.is_symlink(), names(tmp_path)) == (True, ["loop", "pipe"])


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path) -> None:
    """The file that it is collected in needs no longer one."""
    assert write(tmp_path / f"{'x' * 251}.csv") == 1


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """The remedy names the length."""
    assert refusal(tmp_path / f"{'x' * 300}.csv").fix == "give the file a shorter name"


def test_closed_output_is_refused() -> None:
    """Python has no standard output then."""
    with redirect_stdout(None):
        assert refusal(None).slug == "unwritable-file"


def test_a_full_disk_is_named_with_its_place() -> None:
    """The remedy is room, and no other folder."""
    with Path("/dev/full").open("wb", buffering=0) as full, redirect_stdout(cast("IO[str]", Output(full))):
        refused = refusal(None)

    assert (str(refused.where), refused.fix.startswith("free space")) == ("standard output", True)


class Output:
    """A standard output of these bytes."""

    def __init__(self, buffer: object) -> None:
        self.buffer = buffer


def test_json_has_the_workspaces_zone_and_whole_numbers(tmp_path: Path) -> None:
    """As CSV has; what is no number is null."""
    values = (0.1 + 0.2, 1e-17, float("nan"))
    write_frames([frame(*values)], tmp_path / "rows.json", FrameFormat.JSON)

    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["duration_ms"] for row in rows] == [0.1 + 0.2, 1e-17, None]
    assert rows[1]["due_at"] == "2026-01-01T09:01:00.000000+01:00"
