"""Artifacts in S3: asked over HTTP, as a server of it answers, refuses and loses."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import invoke
from tests.store import s3_server
from tests.store.s3_server import SLOW_DOWN, WRONG_KEY, S3Server

from outrider.model import StoreError
from outrider.store import artifact_cache, remote_folder
from outrider.store.artifact_cache import ArtifactCache
from outrider.store.remote_folder import RemoteFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not s3_server.IS_HERE, reason="moto or s3fs is not installed")


@pytest.fixture
def server(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    s3.provide_access(monkeypatch)
    s3.recover()
    s3.asked.clear()
    return s3


@pytest.fixture
def folder(server: S3Server, tmp_path: Path) -> RemoteFolder:
    return RemoteFolder(f"s3://evidence/{tmp_path.name}", tmp_path / "cache")


def written(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "source").write_bytes(content)
    return tmp_path / "source"


def test_content_goes_there_and_comes_back(folder: RemoteFolder, server: S3Server, tmp_path: Path) -> None:
    """A large one in parts; what was read once is read from this machine, unless it was removed."""
    content = os.urandom(17 * 1024 * 1024)
    taken = folder.take(written(tmp_path, content))
    other = RemoteFolder(folder.where, tmp_path / "other")

    with other.open(taken.digest) as first:
        assert first.read() == content
    asked = len(server.asked)
    with other.open(taken.digest) as again:
        assert again.read() == content

    assert len(server.asked) == asked
    assert sum("partNumber=" in query for _, query in server.asked) == 3
    assert [(file.digest, file.bytes) for file in folder.files()] == [(taken.digest, len(content))]
    assert folder.holds(taken.digest)
    other.remove([file.name for file in folder.files()])
    assert not folder.holds(taken.digest)
    with pytest.raises(StoreError) as gone:
        other.open(taken.digest)
    assert gone.value.slug == "artifact-missing"


def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    folder: RemoteFolder, server: S3Server, tmp_path: Path
) -> None:
    """Nobody notices."""
    server.refuse(SLOW_DOWN, times=1)

    taken = folder.take(written(tmp_path, b"trace"))

    assert [file.digest for file in folder.files()] == [taken.digest]


@pytest.mark.parametrize(
    "refusal",
    [(SLOW_DOWN, "store-unreachable", "reduce your request rate"), (WRONG_KEY, "artifacts-refused", "AWS_ACCESS_KEY")],
)
def test_what_cannot_be_sent_waits_and_is_sent_later(
    refusal: tuple[tuple[int, str, str], str, str], server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be read meanwhile; without room to wait it is refused, and so is what lies there."""
    answer, slug, says = refusal
    monkeypatch.setattr(remote_folder, "_AGAIN_S", 0.0)
    folder = RemoteFolder(f"s3://evidence/{slug}", tmp_path / "cache")
    early = folder.take(written(tmp_path, b"early"))
    server.refuse(answer)

    waits = folder.take(written(tmp_path, b"waits"))
    with folder.open(waits.digest) as copy:
        assert copy.read() == b"waits"
    for refused in (lambda: folder.open(early.digest), folder.check):
        with pytest.raises(StoreError) as error:
            refused()
        assert error.value.slug == slug
        assert says in str(error.value)
    with pytest.raises(OSError, match=folder.where):
        RemoteFolder(folder.where).take(written(tmp_path, b"nowhere to wait"))
    server.recover()
    digests = {file.digest for file in folder.files()}

    assert digests == {early.digest, waits.digest}
    assert folder._cache is not None
    assert folder._cache.waiting() == []
    folder.check()


def test_the_command_tells_who_may_not_write(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says that it works where it does."""
    (tmp_path / "outrider.toml").write_text('[store]\nartifacts = "s3://evidence/doctor"\n')
    well = invoke(tmp_path, "doctor", "artifacts")
    server.refuse(WRONG_KEY)
    refused = invoke(tmp_path, "doctor", "artifacts", "--json")

    assert (well.returncode, "written, read and removed" in well.stdout) == (0, True), well.stderr
    assert (refused.returncode, "[artifacts-refused]" in refused.stderr) == (4, True), refused.stderr


def test_a_bucket_that_does_not_exist_is_named_and_not_made(server: S3Server, tmp_path: Path) -> None:
    """It may be misspelt."""
    folder = RemoteFolder("s3://evidense/artifacts")

    with pytest.raises(OSError, match=r"evidense.*bucket does not exist"):
        folder.take(written(tmp_path, b"trace"))
    with pytest.raises(StoreError) as unread:
        folder.open(sha256(b"trace").hexdigest())

    assert unread.value.slug == "store-unreachable"


@pytest.mark.parametrize("has_cache", [True, False])
def test_a_server_that_ends_amid_a_file_is_told_when_it_is_opened(
    server: S3Server, tmp_path: Path, *, has_cache: bool
) -> None:
    """And not by an error of the file system's own when it is read; without a cache nothing is left behind."""
    folder = RemoteFolder(f"s3://evidence/{tmp_path.name}", tmp_path / "cache" if has_cache else None)
    taken = folder.take(written(tmp_path, b"evidence"))
    server.refuse(SLOW_DOWN)

    with pytest.raises(StoreError) as refused:
        folder.open(taken.digest).read()
    server.recover()
    with folder.open(taken.digest) as content:
        assert content.read() == b"evidence"

    assert refused.value.slug == "store-unreachable"


def test_what_comes_back_damaged_is_refused(folder: RemoteFolder, tmp_path: Path) -> None:
    """Its digest is its name."""
    taken = folder.take(written(tmp_path, b"evidence"))
    folder._files.pipe_file(folder._path(taken.digest), b"evidenze")

    with pytest.raises(StoreError, match="not the content"):
        folder.open(taken.digest)


def test_copies_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; what waits is never removed for room, and no more waits than may."""
    monkeypatch.setattr(artifact_cache, "_LOOK_BYTES", 0)
    cache = ArtifactCache(tmp_path / "cache", kept_bytes=250, waiting_bytes=150)
    contents = [bytes([number]) * 100 for number in range(4)]
    digests = [sha256(content).hexdigest() for content in contents]

    assert cache.wait(written(tmp_path, contents[3]), digests[3])
    assert not cache.wait(written(tmp_path, contents[0]), digests[0])
    for number in range(3):
        with cache.filling(digests[number]) as copy:
            copy.write_bytes(contents[number])
        if (path := cache.find(digests[number])) is not None:
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 100 + number))

    assert [cache.find(digest) is not None for digest in digests] == [False, True, True, True]
