"""Contents of files by their hash, read again only after they changed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Final

from outrider.model import ConfigError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import IO

    from outrider.workspace.file_list import Entry

_CHUNK_BYTES: Final = 1 << 20
_SETTLED_NS: Final = 2 * 1_000_000_000


class Hashes:
    """Remembers what was hashed, so that a file is read again only after it changed.

    A file changed within the last two seconds is not remembered: it could change once more and look the same.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = root

    def of(self, entries: Iterable[Entry], now_ns: int) -> dict[str, str]:
        """Return the hash of each entry by its path; what is gone meanwhile has none."""
        known = self._load()
        contents: dict[str, str] = {}
        remembered: dict[str, list[object]] = {}
        for entry in entries:
            path, status = entry.path, entry.status
            stamp = [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]
            *old_stamp, content = known.get(path, [None])
            if old_stamp != stamp:
                content = read_content(self._root, entry)
            if content is not None:
                contents[path] = str(content)
                if max(status.st_mtime_ns, status.st_ctime_ns) < now_ns - _SETTLED_NS:
                    remembered[path] = [*stamp, content]
        if remembered != known:
            self._save(remembered)
        return contents

    def _load(self) -> dict[str, list[object]]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # the first time, or damaged: everything is read again
            return {}
        return (
            known if isinstance(known, dict) and all(isinstance(item, list) and item for item in known.values()) else {}
        )

    def _save(self, known: Mapping[str, list[object]]) -> None:
        descriptor, fresh = mkstemp(prefix=".new-", dir=self._path.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(known, file)
        Path(fresh).replace(self._path)


def read_content(root: Path, entry: Entry, target: Path | None = None) -> str | None:
    """Return the hash of an entry, having copied it to `target` if there is one; None if it is gone."""
    if entry.link is not None:
        if target:
            target.symlink_to(entry.link)
        return hashlib.sha256(os.fsencode(entry.link)).hexdigest()
    try:
        source = (root / entry.path).open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}",
            slug="unreadable-file",
            fix="let this user read it, or name it below [workspace] exclude in outrider.toml",
            where=Place(entry.path),
        ) from None
    with source:
        return _copied(source, entry, target) if target else hashlib.file_digest(source, "sha256").hexdigest()


def _copied(source: IO[bytes], entry: Entry, target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as copy:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
        os.utime(copy.fileno(), ns=(entry.status.st_atime_ns, entry.status.st_mtime_ns))
        os.fchmod(copy.fileno(), entry.status.st_mode & 0o500)  # a .env among them holds secrets
    return digest.hexdigest()
