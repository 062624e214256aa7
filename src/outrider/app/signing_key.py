"""The key that addresses of artifacts are signed with: made once, for the owner of the workspace alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from tempfile import mkstemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "artifact-key"
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


def _read(path: Path) -> bytes:
    """Return a key that nobody else can read; nothing if there is none."""
    with suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _BYTES and not path.stat().st_mode & 0o077:
            return key
        path.unlink()
    return b""


def _create(path: Path) -> None:
    descriptor, fresh = mkstemp(prefix=f"{_NAME}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.unlink(fresh)  # noqa: PTH108 - a name at hand
