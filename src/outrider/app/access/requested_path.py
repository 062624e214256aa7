"""A path that somebody asked to be written to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from outrider.model import Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def path_errors(path: Path) -> Iterator[None]:
    """Call what the system refuses meanwhile a wrong path, not a fault of Outrider; files that exist pass through.

    Raises:
        UsageError: unwritable-file.
    """
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or error}",
            slug="unwritable-file",
            fix="name one in a folder that this user may write to, on a disk with room",
            where=Place(str(path)),
        ) from error
