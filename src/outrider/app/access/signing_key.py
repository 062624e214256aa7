"""The key that links, forms and addresses of files are signed with: made once, for the owner of the workspace alone.

Services on a database server share the key of the first of them: there the file is a copy of what the store has.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "artifact-key"
SIGNING_KEY = "signing"
"""What a shared store calls it."""
_BYTES = 32


def signing_key(state: Path) -> bytes:
    """Return the key of a workspace, created with mode 0600 where it is missing or damaged.

    Several processes may ask at once: the first one's key appears whole, and all return it. Where nothing can be
    written, the key lasts as long as this process.
    """
    path = state / _NAME
    with suppress(OSError):
        if key := _read(path):
            return key
        state.mkdir(parents=True, exist_ok=True)
        _create(path)
        if key := _read(path):
            return key
    return secrets.token_bytes(_BYTES)


def share_key(state: Path, shared: Callable[[bytes], bytes]) -> None:
    """Have the key of a workspace be the one that all services on its store use.

    Args:
        state: The workspace's folder of state.
        shared: Returns that key; it is the one that it is handed if there was none.
    """
    own = signing_key(state)
    key = shared(own)
    if key != own:
        with suppress(OSError):
            _write(state / _NAME, key)


def _read(path: Path) -> bytes:
    """Return a key that nobody else can read; nothing if there is none."""
    with suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _BYTES and not path.stat().st_mode & 0o077:
            return key
        path.unlink()
    return b""


def _create(path: Path) -> None:
    """Make a key, unless another process was faster."""
    draft = _draft(path, secrets.token_bytes(_BYTES))
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _write(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _draft(path, key).replace(path)


def _draft(path: Path, key: bytes) -> Path:
    descriptor, name = mkstemp(prefix=f"{_NAME}-", dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return Path(name)
