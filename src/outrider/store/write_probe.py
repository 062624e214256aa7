"""Whether a folder could be created and written to, as far as a nameless file in its nearest existing parent shows."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def check_folder(folder: Path) -> None:
    """Check that files can be created in a folder, or in the nearest parent that exists; nothing stays behind.

    The rights alone do not show it: root has all of them, and yet cannot create a file below /proc.

    Raises:
        OSError: If no file can be created there.
    """
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    with tempfile.TemporaryFile(dir=nearest):
        pass
