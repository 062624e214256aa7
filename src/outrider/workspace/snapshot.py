"""Exactly what runs: content-addressed copies of a workspace.

`.outrider/snapshots/<digest>` holds the files of one state, read-only and for their owner alone, since a `.env` that
runs need may be among them. The digest is taken from the copies themselves, so that it names exactly those files,
whatever was saved meanwhile. A snapshot is created and removed by one rename each: several processes can take, use and
prune snapshots at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final

from outrider.model import ConfigError, Place
from outrider.workspace.content_hashes import Hashes, read_content
from outrider.workspace.file_list import list_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from outrider.workspace.file_list import Entry
    from outrider.workspace.workspace_settings import Workspace

LIMIT_BYTES: Final = 200 << 20
KEPT: Final = 20

_DIGEST_LENGTH = 32
_UNFINISHED = ".new-"
_IN_USE_NS = 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a workspace, to be read only."""

    digest: str
    path: Path

    def checkout(self, folder: Path) -> Path:
        """Make `folder`, absent or empty, a private copy that may be written to; return it.

        Raises:
            FileNotFoundError: If the snapshot was pruned.
        """
        os.utime(self.path)  # in use: prune keeps it
        shutil.copytree(self.path, folder, symlinks=True, copy_function=_copy_writable, dirs_exist_ok=True)
        return folder


class Snapshotter:
    """Takes and prunes the snapshots of a workspace.

    Args:
        limit_bytes: A workspace with more than this is refused.
        clock_ns: Nanoseconds since the epoch, as the file system counts.
        git: The program to ask for files.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        limit_bytes: int = LIMIT_BYTES,
        clock_ns: Callable[[], int] = time.time_ns,
        git: str = "git",
    ) -> None:
        self._workspace = workspace
        self._limit_bytes = limit_bytes
        self._clock_ns = clock_ns
        self._git = git
        self._folder = workspace.state / "snapshots"
        self._hashes = Hashes(self._folder / "hashes.json", workspace.root)

    def take(self) -> Snapshot:
        """Return the snapshot of the workspace as it is now; a new one only if there is none of this state.

        Raises:
            ConfigError: If the workspace is too large, leads outside, or cannot be read or copied.
        """
        entries = list_entries(self._workspace, git=self._git)
        self._check_size(entries)
        with _writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.chmod(0o700)  # it may be older than this promise, or restored from a backup
            contents = self._hashes.of(entries, self._clock_ns())
            digest = digest_of((entry, contents[entry.path]) for entry in entries if entry.path in contents)
            return self._existing(digest) or self._create(entries)

    def find(self, digest: str) -> Snapshot | None:
        """Return the snapshot of this digest, or None if there is none any more."""
        path = self._folder / digest
        return Snapshot(digest, path) if digest.isalnum() and path.is_dir() else None

    def _existing(self, digest: str) -> Snapshot | None:
        """Return the snapshot of this digest, marked as in use, so that prune keeps it."""
        try:
            os.utime(self._folder / digest)
        except FileNotFoundError:
            return None
        return Snapshot(digest, self._folder / digest)

    def prune(self, keep: Collection[str] = (), *, last: int = KEPT) -> tuple[str, ...]:
        """Remove old snapshots, and unfinished ones of killed processes; return the digests.

        Those in `keep`, the `last` that were used, and all that were used within the hour stay.
        """
        oldest_ns = self._clock_ns() - _IN_USE_NS
        used_ns = self._used_ns()
        finished = sorted((name for name in used_ns if name.isalnum()), key=lambda name: -used_ns[name])
        spare = {*finished[last:], *(name for name in used_ns if name.startswith(_UNFINISHED))}.difference(keep)
        removed = sorted(name for name in spare if used_ns[name] < oldest_ns)
        for name in removed:
            self._remove(name, oldest_ns)
        return tuple(name for name in removed if name.isalnum())

    def _used_ns(self) -> dict[str, int]:
        used_ns = {}
        with suppress(FileNotFoundError):
            for child in os.scandir(self._folder):
                with suppress(FileNotFoundError):  # another process prunes too
                    if child.is_dir(follow_symlinks=False) or child.name.startswith(_UNFINISHED):
                        used_ns[child.name] = child.stat().st_mtime_ns
        return used_ns

    def _remove(self, name: str, oldest_ns: int) -> None:
        """Remove a snapshot at once as a whole, unless it was used in the meantime."""
        path = self._folder / name
        doomed = self._folder / f"{_UNFINISHED}{os.getpid()}-{name.removeprefix(_UNFINISHED)}"
        with suppress(OSError):
            path.rename(doomed)
            if doomed.stat().st_mtime_ns >= oldest_ns:
                doomed.rename(path)
        with suppress(OSError):
            doomed.unlink()  # if it is a file
        shutil.rmtree(doomed, ignore_errors=True)

    def _create(self, entries: Iterable[Entry]) -> Snapshot:
        fresh = Path(mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        try:
            digest = digest_of(_copies(self._workspace.root, entries, fresh))
            with suppress(OSError):  # another process was first: theirs is the same
                fresh.rename(self._folder / digest)
            os.utime(self._folder / digest)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self.prune(keep=[digest])
        return Snapshot(digest, self._folder / digest)

    def _check_size(self, entries: Iterable[Entry]) -> None:
        sizes: Counter[str] = Counter()
        for entry in entries:
            top, slash, _ = entry.path.partition("/")
            sizes[top + slash] += entry.status.st_size
        if sizes.total() <= self._limit_bytes:
            return
        largest = ", ".join(f"{name} ({_megabytes(size)})" for name, size in sizes.most_common(3))
        raise ConfigError(
            f"the workspace holds {_megabytes(sizes.total())}, more than the {_megabytes(self._limit_bytes)} that are "
            f"copied for a run; largest: {largest}",
            slug="snapshot-too-large",
            fix=f'name what runs do not need: exclude = ["{sizes.most_common(1)[0][0]}"] below [workspace]',
            where=Place("outrider.toml"),
        )


def digest_of(contents: Iterable[tuple[Entry, str]]) -> str:
    """Return the name of a state: paths, contents, and which files can be executed."""
    digest = hashlib.sha256()
    for entry, content in contents:
        kind = "link" if entry.link is not None else "program" if entry.status.st_mode & stat.S_IXUSR else "file"
        digest.update(os.fsencode(f"{kind}\0{content}\0{entry.path}\0"))
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _copies(root: Path, entries: Iterable[Entry], folder: Path) -> Iterator[tuple[Entry, str]]:
    """Copy the entries below `folder`, and yield each with the hash of what was copied."""
    for entry in entries:
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = read_content(root, entry, target)
        if content is not None:
            yield entry, content


def _copy_writable(source: str, target: str) -> None:
    shutil.copy2(source, target)
    mode = os.stat(target).st_mode  # noqa: PTH116  copytree hands out texts
    os.chmod(target, mode | stat.S_IWUSR)  # noqa: PTH101


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"cannot be written to: {error.strerror or error}",
            slug="unwritable-folder",
            fix="let this user write there, and see that the disk is not full",
            where=Place(str(folder)),
        ) from None


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.0f} MB" if size >= 1 << 20 else f"{size / (1 << 10):.0f} kB"
