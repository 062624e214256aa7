"""Files are kept once, whole, and found again."""

from __future__ import annotations

import gzip
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tests.builders import new_store
from tests.store import s3_server

from outrider.model import ArtifactFile, ArtifactKind, StoreError
from outrider.store.artifact_folder import open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.store.conftest import Maker

    from outrider.model import ArtifactStore
    from outrider.store import Store

DAY_US = 86_400 * 1_000_000


@dataclass
class Kept:
    """A folder of either kind, and a store whose artifacts lie in it."""

    folder: ArtifactStore
    store: Store

    def digests(self) -> list[str]:
        return sorted(file.digest for file in self.folder.files())


@pytest.fixture(params=["local", "memory", *(["s3"] if s3_server.IS_HERE else [])])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    url = {"local": str(tmp_path / "artifacts"), "memory": "memory://bucket/artifacts"}.get(request.param, "")
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()
    if request.param == "s3":
        request.getfixturevalue("s3").provide_access(monkeypatch)
        url = f"s3://evidence/{tmp_path.name}"
    cache = tmp_path / "cache" if request.param == "s3" else None
    with new_store(tmp_path / "outrider.db", artifacts=url, artifact_cache=cache) as store:
        yield Kept(open_folder(url, cache=cache), store)


class Refusing(MemoryFileSystem):  # type: ignore[misc]  # fsspec ships no annotations
    """A file system that keeps files, and then refuses with an error of its own."""

    protocol = ("refusing",)

    def rm_file(self, path: str) -> None:
        if path.endswith("gone"):
            raise FileNotFoundError(path)
        raise TimeoutError("the other end hung up")

    def modified(self, path: str) -> datetime:
        raise TimeoutError(f"the other end hung up at {path}")


def test_a_file_system_of_any_kind_fails_as_a_store_does(tmp_path: Path) -> None:
    """Removing what is gone is no failure."""
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    folder = open_folder("refusing://bucket/artifacts")
    (tmp_path / "file").write_bytes(b"evidence")
    content = folder.take(tmp_path / "file")

    folder.remove(["ab/gone"])
    for ask in (lambda: folder.remove([f"{content.digest[:2]}/{content.digest[2:]}"]), lambda: list(folder.files())):
        with pytest.raises(StoreError, match="the other end hung up") as refused:
            ask()
        assert refused.value.slug == "store-unreachable"


def test_a_file_is_kept_under_its_digest_and_read_back(kept: Kept, make: Maker) -> None:
    """Its name, kind and media type stay with the attempt."""
    content = b"trace" * 300_000
    run = make.run("journey:a", make.attempt(artifacts=(make.file(content),)))

    kept.store.runs.record(run)

    (artifact,) = kept.store.runs.get(run.id).artifacts
    with artifact.open() as opened:
        assert opened.read() == content
    assert artifact.digest == hashlib.sha256(content).hexdigest()
    assert artifact.where.endswith(f"{artifact.digest[:2]}/{artifact.digest[2:]}")
    assert (artifact.attempt, artifact.kind, artifact.name, artifact.bytes) == (
        1, ArtifactKind.TRACE, "trace.zip", len(content),
    )  # fmt: skip
    assert (artifact.path is not None) == kept.folder.local


def test_a_har_is_kept_as_gzip_and_says_so(kept: Kept, make: Maker) -> None:
    """Two alike are one file."""
    content = b'{"log": {"entries": []}}' * 100
    runs = [
        make.run("journey:a", make.attempt(artifacts=(make.file(content, "har.har", ArtifactKind.HAR),)))
        for _ in range(2)
    ]

    kept.store.runs.record_many(runs)

    artifacts = [artifact for run in runs for artifact in kept.store.runs.get(run.id).artifacts]
    assert {(artifact.name, artifact.media_type) for artifact in artifacts} == {("har.har.gz", "application/gzip")}
    assert len({artifact.digest for artifact in artifacts}) == 1
    assert artifacts[0].bytes < len(content) / 10
    with artifacts[0].open() as file:
        assert gzip.decompress(file.read()) == content


def test_equal_content_is_kept_once(kept: Kept, make: Maker) -> None:
    """Two runs with the same screenshot share a file."""
    runs = [make.run("journey:a", make.attempt(artifacts=(make.file(b"same"), make.file(b"same")))) for _ in range(2)]

    kept.store.runs.record_many(runs)

    assert kept.digests() == [hashlib.sha256(b"same").hexdigest()]
    assert [len(kept.store.runs.get(run.id).artifacts) for run in runs] == [2, 2]


def test_the_evidence_of_every_attempt_is_kept(kept: Kept, make: Maker) -> None:
    """In the order of the attempts."""
    attempts = [make.attempt(number, artifacts=(make.file(b"%d" % number),)) for number in (1, 2, 3)]
    run = make.run("journey:a", *attempts)

    kept.store.runs.record(run)

    assert [artifact.attempt for artifact in kept.store.runs.get(run.id).artifacts] == [1, 2, 3]


def test_what_is_past_its_age_is_removed_from_the_folder(kept: Kept, make: Maker) -> None:
    """At once, and not as a file that nothing ever spoke of; what a younger run refers to stays."""
    now_us = time.time_ns() // 1_000
    old, young = (make.attempt(artifacts=(make.file(content),)) for content in (b"old", b"young"))
    kept.store.runs.record_many(
        [make.run("journey:a", attempt, due_us=now_us - 401 * DAY_US) for attempt in (old, young)]
    )
    (stays,) = kept.store.runs.get(kept.store.runs.search(limit=1)[0].id).artifacts
    late = make.run("journey:a", make.attempt(artifacts=(make.file(stays.read()),)), due_us=now_us - DAY_US)
    kept.store.runs.record(late)

    kept.store.prune(now_us)

    assert kept.digests() == [stays.digest]


def test_a_file_that_is_gone_does_not_cost_the_run(kept: Kept, make: Maker, tmp_path: Path) -> None:
    """The run says which file is missing and why."""
    gone = ArtifactFile(ArtifactKind.VIDEO, "video.webm", "video/webm", tmp_path / "gone")
    run = make.run("journey:a", make.attempt(artifacts=(gone, make.file(b"here"))))

    kept.store.runs.record(run)

    stored = kept.store.runs.get(run.id)
    assert stored.omitted == ("attempt 1: video.webm: No such file or directory",)
    assert [artifact.name for artifact in stored.artifacts] == ["trace.zip"]


def test_content_that_somebody_removed_is_said_to_be_missing(kept: Kept, make: Maker) -> None:
    """With its place, so that a backup can be restored."""
    run = make.run("journey:a", make.attempt(artifacts=(make.file(b"x"),)))
    kept.store.runs.record(run)
    kept.folder.remove([file.name for file in kept.folder.files()])

    (artifact,) = kept.store.runs.get(run.id).artifacts
    with pytest.raises(StoreError) as raised:
        artifact.open()

    assert raised.value.slug == "artifact-missing"
    assert artifact.where in str(raised.value)


def test_taking_leaves_nothing_half_taken(kept: Kept, make: Maker, tmp_path: Path) -> None:
    """Also when the source cannot be read to its end."""
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="directory"):
        kept.folder.take(tmp_path / "folder")

    assert list(kept.folder.files()) == []


def test_an_artifact_folder_whose_place_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError) as raised:
        open_folder(tmp_path / "file" / "artifacts")

    assert raised.value.slug == "store-read-only"
    assert str(tmp_path / "file" / "artifacts") in str(raised.value)


def test_a_url_that_nothing_understands_is_refused() -> None:
    """With a hint at what is missing."""
    with pytest.raises(StoreError) as raised:
        open_folder("carrier-pigeon://loft")

    assert raised.value.slug == "store-url"
