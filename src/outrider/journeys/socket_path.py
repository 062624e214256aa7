"""How long the path of a folder may be in which Chromium makes a socket.

A Chromium that can open windows, headless or not, listens at `TMPDIR/org.chromium.Chromium.XXXXXX/SingletonSocket`, and
ends where that is longer than the address of a socket may be (`sun_path` of unix(7), 108 bytes with its end).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SHORT_FOLDER = "/tmp"  # noqa: S108 - there is no shorter one, and what is made there has a name of its own
_LONGEST = 107 - len("/org.chromium.Chromium.XXXXXX/SingletonSocket")


def fits_socket(folder: Path | str) -> bool:
    """Whether Chromium can make its socket below a folder."""
    return len(os.fsencode(folder)) <= _LONGEST
