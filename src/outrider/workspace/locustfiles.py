"""Where a repository's own locustfiles stand."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from outrider.workspace.file_list import python_files

if TYPE_CHECKING:
    from pathlib import Path

_READ_BYTES: Final = 1 << 18
_DISCOVERED_IN: Final = PurePosixPath("probes")
_IMPORT = re.compile(rb"^\s*(?:from locust[\w.]* import|import locust\b)", re.MULTILINE)
_USER = re.compile(rb"^class \w+\([^)]*User\b[^)]*\):", re.MULTILINE)


def find_locustfiles(root: Path) -> tuple[str, ...]:
    """Return the files that define users of Locust, as paths below `root`; those discovered by name are left out."""
    candidates = (
        path for path in python_files(root) if not (path.parent == _DISCOVERED_IN and path.name.endswith("_load.py"))
    )
    return tuple(sorted(path.as_posix() for path in candidates if _is_locustfile(root / path)))


def _is_locustfile(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            text = file.read(_READ_BYTES)
    except OSError:
        return False
    return bool(_IMPORT.search(text) and _USER.search(text))
