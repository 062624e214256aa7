"""What is kept of an attempt has a name of its own and no secrets."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.attempt_artifacts import keep_artifacts, masked
from outrider.journeys.worker_messages import AttemptResult, ContextFiles
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    ErrorRecord,
    ErrorSource,
    Measurement,
    Outcome,
    Sample,
    Step,
    StepKind,
)
from outrider.workspace import Mask

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

    assert [(one.kind, one.name, one.media_type) for one in kept] == [
        (ArtifactKind.TRACE, "trace.zip", "application/zip"),
        (ArtifactKind.TRACE, "trace-2.zip", "application/zip"),
        (ArtifactKind.HAR, "har.har", "application/json"),
        (ArtifactKind.SCREENSHOT, "screenshot.png", "image/png"),
        (ArtifactKind.SCREENSHOT, "screenshot-2.png", "image/png"),
        (ArtifactKind.VIDEO, "video.webm", "video/webm"),
    ]
    assert all(one.path.is_file() for one in kept)


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


def test_secrets_are_masked_in_every_text_and_file(tmp_path: Path) -> None:
    """Numbers and kinds stay; nothing that a reader sees holds the secret."""
    mask = Mask(["hunter2"])
    (tmp_path / "log.log").write_text("typed hunter2")
    artifact = ArtifactFile(ArtifactKind.LOG, "log.log", "text/plain", tmp_path / "log.log")
    measurement = Measurement(
        outcome=Outcome.FAILED,
        reason="hunter2 refused",
        started_us=1,
        duration_ms=2.0,
        steps=(
            Step("fill hunter2", "fill hunter2", StepKind.NAMED, 0.0, 1.0, error="hunter2"),
            Step("b", "b", StepKind.AUTOMATIC, 0.0, 1.0, parent="fill hunter2"),
        ),
        samples=(Sample("fill hunter2", "duration_ms", 1.0), Sample("", "resource_ms http://hunter2.test", 1.0)),
        errors=(ErrorRecord(ErrorSource.PAGE, "hunter2", "at hunter2", "http://x/?p=hunter2", "fill hunter2"),),
        artifacts=(artifact,),
    )

    safe = masked(measurement, mask)

    assert "hunter2" not in repr(safe)
    assert artifact.path.read_text() == "typed ***"
    assert [step.error for step in safe.steps] == ["***", None]
    assert safe.steps[1].parent == safe.steps[0].key == safe.samples[0].step == "fill ***"
