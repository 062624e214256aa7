"""Artifacts as files that programs open."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.store.conftest import Maker

from outrider.app import export_artifacts
from outrider.model import ArtifactFile, ArtifactKind, ErrorRecord, ErrorSource, Outcome, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import StoredRun
    from outrider.store import Store

FILES = [
    (ArtifactKind.TRACE, "trace.zip", "application/zip"),
    (ArtifactKind.TRACE, "trace-2.zip", "application/zip"),
    (ArtifactKind.HAR, "har.har", "application/json"),
    (ArtifactKind.HAR, "har-2.har", "application/json"),
    (ArtifactKind.SCREENSHOT, "screenshot.png", "image/png"),
    (ArtifactKind.VIDEO, "video.webm", "video/webm"),
    (ArtifactKind.LOG, "log.log", "text/plain"),
    (ArtifactKind.BODY, "body", "text/html"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    yield opened
    opened.close()


def kept(store: Store, folder: Path, attempts: int = 1) -> StoredRun:
    """Store a failed run with a file of every kind in each attempt, and return it."""
    folder.mkdir()
    make = Maker(folder)
    artifacts = []
    for kind, name, media_type in FILES:
        path = folder / name
        path.write_bytes(name.encode())
        artifacts.append(ArtifactFile(kind, name, media_type, path))
    errors = (
        ErrorRecord(ErrorSource.CONSOLE, "no such picture", url="https://shop.example/", offset_ms=12.0),
        ErrorRecord(ErrorSource.PAGE, "TypeError: x", stack="at pay.js:3", offset_ms=40.0),
        ErrorRecord(ErrorSource.TEST, "assert False"),
    )
    made = [
        make.attempt(number, evidence=number > 1, outcome=Outcome.FAILED, artifacts=tuple(artifacts), errors=errors)
        for number in range(1, attempts + 1)
    ]
    run = make.run("journey:journeys/test_shop.py::test_pay", *made, outcome=Outcome.FAILED)
    store.runs.record(run)
    return store.runs.get(run.id)


def test_every_file_has_a_name_with_the_ending_that_opens_it(store: Store, tmp_path: Path) -> None:
    """Unpacked, and with what the pages wrote to their consoles."""
    stored = kept(store, tmp_path / "scratch")

    paths = export_artifacts(stored, tmp_path / "evidence")

    assert {path.name: path.read_text() for path in paths if path.name != "console.log"} == {
        "trace.zip": "trace.zip", "trace-2.zip": "trace-2.zip", "requests.har": "har.har",
        "requests-2.har": "har-2.har", "screenshot.png": "screenshot.png", "video.webm": "video.webm",
        "output.txt": "log.log", "body.html": "body",
    }  # fmt: skip
    assert (tmp_path / "evidence" / "console.log").read_text().splitlines() == [
        "       12 ms console https://shop.example/ no such picture",
        "       40 ms page  TypeError: x",
        "at pay.js:3",
    ]


def test_attempts_do_not_mix(store: Store, tmp_path: Path) -> None:
    """Each has a folder of its own, which says whether it was made for its evidence."""
    paths = export_artifacts(kept(store, tmp_path / "scratch", attempts=2), tmp_path / "new" / "evidence")

    folders = {path.parent.relative_to(tmp_path).as_posix() for path in paths}
    assert folders == {"new/evidence/attempt-1", "new/evidence/attempt-2-evidence"}
    assert len(paths) == 2 * (len(FILES) + 1)


def _filled(folder: Path) -> Path:
    (folder / "full").mkdir()
    (folder / "full" / "other.txt").write_text("mine")
    return folder / "full"


def _file(folder: Path) -> Path:
    (folder / "file").write_text("mine")
    return folder / "file"


def test_a_folder_that_holds_something_is_left_alone(store: Store, tmp_path: Path) -> None:
    """Neither a full folder nor a file in its place is written to."""
    stored = kept(store, tmp_path / "scratch")

    for place in (_filled(tmp_path), _file(tmp_path)):
        with pytest.raises(UsageError) as caught:
            export_artifacts(stored, place)
        assert caught.value.slug == "export-exists"

    assert (tmp_path / "file").read_text() == "mine"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["other.txt"]


def test_a_folder_that_cannot_be_made_is_an_error(store: Store, tmp_path: Path) -> None:
    """The message says which, and what the system says."""
    stored = kept(store, tmp_path / "scratch")

    with pytest.raises(UsageError) as caught:
        export_artifacts(stored, _file(tmp_path) / "evidence")

    assert caught.value.slug == "unwritable-export"
    assert os.strerror(20) in caught.value.what


def test_a_run_without_artifacts_is_an_error(store: Store, tmp_path: Path) -> None:
    """And no empty folder is left."""
    run = Maker(tmp_path).run()
    store.runs.record(run)

    with pytest.raises(UsageError) as caught:
        export_artifacts(store.runs.get(run.id), tmp_path / "evidence")

    assert caught.value.slug == "no-artifact"
    assert not (tmp_path / "evidence").exists()


def test_a_trace_that_is_kept_as_gzip_is_an_archive_again(store: Store, tmp_path: Path) -> None:
    """Playwright's viewer opens it."""
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.trace", '{"type": "context-options"}\n' * 50)
    make = Maker(tmp_path)
    attempt = make.attempt(artifacts=(ArtifactFile(ArtifactKind.TRACE, "trace.zip", "application/zip", path),))
    run = make.run("journey:a", attempt)
    store.runs.record(run)

    (exported,) = export_artifacts(store.runs.get(run.id), tmp_path / "evidence")

    assert zipfile.ZipFile(exported).namelist() == ["trace.trace"]
