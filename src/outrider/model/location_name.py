"""What locations are called."""

from __future__ import annotations

import re
from typing import Final

HERE: Final = "local"
"""The location of the service itself."""

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def is_location_name(name: str) -> bool:
    """Return whether a location with workers may be called so."""
    return name != HERE and _NAME.fullmatch(name) is not None
