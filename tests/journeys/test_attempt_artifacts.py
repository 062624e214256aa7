"""What is kept of an attempt has a name of its own."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.attempt_artifacts import keep_artifacts
from outrider.journeys.worker_messages import AttemptResult, ContextFiles
from outrider.model import ArtifactKind

if TYPE_CHECKING:
    from pathlib import Path


def performed(*, hars: list[str], screenshots: list[str], videos: list[str], log: str = "") -> AttemptResult:
    """Return an attempt that left these files."""
    contexts = [ContextFiles([], har) for har in hars]
    return AttemptResult(0.0, 1.0, [], contexts, [], screenshots, videos, 0, "", log, overdue=False)


def test_files_are_named_by_kind_and_ordinal(tmp_path: Path) -> None:
    """A context without a HAR leaves none, and a file that was never written is no artifact."""
    for name in ("a.zip", "b.zip", "1.har", "p.png", "q.png", "v.webm"):
        (tmp_path / name).write_bytes(b"x")
    left = performed(
        hars=["1.har", "", "gone.har"], screenshots=["gone.png", str(tmp_path / "p.png"), "q.png"], videos=["v.webm"]
    )

    kept = keep_artifacts(tmp_path, [tmp_path / "a.zip", tmp_path / "b.zip"], left)

    assert [(artifact.kind, artifact.name, artifact.media_type) for artifact in kept] == [
        (ArtifactKind.TRACE, "trace.zip", "application/zip"),
        (ArtifactKind.TRACE, "trace-2.zip", "application/zip"),
        (ArtifactKind.HAR, "har.har", "application/json"),
        (ArtifactKind.SCREENSHOT, "screenshot.png", "image/png"),
        (ArtifactKind.SCREENSHOT, "screenshot-2.png", "image/png"),
        (ArtifactKind.VIDEO, "video.webm", "video/webm"),
    ]
    assert all(artifact.path.is_file() for artifact in kept)


def test_what_the_test_printed_is_a_file(tmp_path: Path) -> None:
    """Even if it cannot be written in UTF-8."""
    left = performed(hars=[], screenshots=[], videos=[], log="paid\n\udcff")

    (log,) = keep_artifacts(tmp_path, [], left)

    assert (log.kind, log.name, log.path.read_bytes()) == (ArtifactKind.LOG, "log.log", b"paid\n?")


@pytest.mark.parametrize("names", [["trace.trace"], ["trace.trace", "trace.network"]])
def test_the_raw_trace_of_a_killed_test_is_put_into_an_archive(tmp_path: Path, names: list[str]) -> None:
    """Playwright's viewer opens it then, with the network if there is one."""
    (tmp_path / "scratch").mkdir()
    raw = tmp_path / "run-1.trace"
    for name in names:
        raw.with_suffix(f".{name.rpartition('.')[2]}").write_text(name)

    (trace,) = keep_artifacts(tmp_path / "scratch", [raw], None)

    assert (trace.name, trace.path.parent) == ("trace.zip", tmp_path / "scratch")
    with zipfile.ZipFile(trace.path) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {name: name for name in names}


@pytest.mark.parametrize("name", ["gone.trace", "gone.zip"])
def test_a_trace_that_is_not_there_is_no_artifact(tmp_path: Path, name: str) -> None:
    """A browser that died wrote none."""
    path = tmp_path / name

    kept = keep_artifacts(tmp_path, [path], None)

    assert kept == ()
