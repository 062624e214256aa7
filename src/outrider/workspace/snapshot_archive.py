"""Snapshots that travel: packed into an archive here, unpacked and verified there."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from contextlib import suppress
from gzip import GzipFile
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from outrider.model import ConfigError
from outrider.workspace.content_hashes import read_content
from outrider.workspace.file_list import Entry
from outrider.workspace.snapshot import LIMIT_BYTES, Snapshot, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def pack_snapshot(snapshot: Snapshot, target: Path) -> None:
    """Write the files of a snapshot into an archive.

    Raises:
        FileNotFoundError: If the snapshot was pruned.
    """
    os.utime(snapshot.path)  # in use: prune keeps it
    with (
        target.open("wb") as file,
        GzipFile("", "wb", 1, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for entry in _entries(snapshot.path):
            archive.add(snapshot.path / entry.path, entry.path, recursive=False, filter=_same_anywhere)


def unpack_snapshot(archive: Path, folder: Path, digest: str, *, limit_bytes: int = LIMIT_BYTES) -> Snapshot:
    """Return the snapshot of this digest below `folder`, unpacked and verified.

    Raises:
        ConfigError: snapshot-mismatch if the archive holds anything else.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(mkdtemp(prefix=".new-", dir=folder))
    try:
        with tarfile.open(archive, "r:gz") as packed:
            members = packed.getmembers()
            if sum(member.size for member in members) > limit_bytes:
                raise _mismatch(digest)
            packed.extractall(fresh, members, filter="data")
        if digest_of(_contents(fresh)) != digest:
            raise _mismatch(digest)
        with suppress(OSError):  # another process was first: theirs is the same
            fresh.rename(folder / digest)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _mismatch(digest) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Snapshot(digest, folder / digest)


def _same_anywhere(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry without what differs among hosts: parts of one archive may come from several servers."""
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    return member


def _entries(root: Path) -> Iterator[Entry]:
    paths = []
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        paths += [Path(folder, name).relative_to(root).as_posix() for name in (*files, *links)]
    for path in sorted(paths):
        status = os.lstat(root / path)
        yield Entry(path, status, os.readlink(root / path) if stat.S_ISLNK(status.st_mode) else None)  # noqa: PTH115


def _contents(root: Path) -> Iterator[tuple[Entry, str]]:
    for entry in _entries(root):
        content = read_content(root, entry)
        if content is not None:
            yield entry, content


def _mismatch(digest: str) -> ConfigError:
    what = f"the files that came do not have the hash {digest} that was ordered: nothing of them is run"
    fix = "something between changed them, or the copy is damaged: they are fetched again with the next order"
    return ConfigError(what, slug="snapshot-mismatch", fix=fix)
