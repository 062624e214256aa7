"""What the reader is shown of an error that a command raised."""

from __future__ import annotations

import errno
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from outrider.app.access.reader_gate import gated_document
from outrider.model import InternalError, OutriderError, Place, bounded

INTERNAL = InternalError.exit_code
_LONGEST = 300

_FREE = "free space on that disk; what ran before is kept"
_ALLOW = "let this user write there, or point TMPDIR to another folder"
_FIXES = {
    errno.ENOSPC: _FREE, errno.EDQUOT: _FREE, errno.EFBIG: _FREE,
    errno.EACCES: _ALLOW, errno.EPERM: _ALLOW, errno.EROFS: _ALLOW, errno.ENOTDIR: _ALLOW, errno.EEXIST: _ALLOW,
}  # fmt: skip


def reported(error: Exception) -> OutriderError:
    """Return an error as one with a slug: itself, an error of the system with its remedy, or one of Outrider itself."""
    if isinstance(error, OutriderError):
        return error
    return (unusable(error) if isinstance(error, OSError) else None) or internal(error)


def unusable(error: OSError) -> OutriderError | None:
    """Return an error of a full disk or a forbidden folder with its remedy; None if it is an error of another kind."""
    if error.errno not in _FIXES:
        return None
    where = Place(str(error.filename)) if error.filename else None
    return OutriderError(str(error.strerror), slug="unusable-folder", fix=_FIXES[error.errno], where=where)


def internal(error: BaseException) -> InternalError:
    """Return what a reader is shown of an error of Outrider itself; its traceback is in a file."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({Path(last[0].filename).name}:{last[0].lineno})" if last else ""
    line = next(iter(gated_document(str(error)).strip().splitlines()), "")
    line = bounded(line, _LONGEST)
    return InternalError(
        f"an error of Outrider itself: {type(error).__name__}{': ' if line else ''}{line}{place}",
        slug="internal-error",
        fix=f"please report it{_kept(error)}",
    )


def _kept(error: BaseException) -> str:
    """Write a traceback to a file, and return where it is."""
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="outrider-error-", suffix=".log")
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - a descriptor
            file.write(gated_document("".join(traceback.format_exception(error))))
        return f"; the traceback is in {path}"
    return ""
