"""Whether a store could be opened at its addresses, as far as that is known without opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.store.artifact_folder import is_remote, open_folder
from outrider.store.database import driver_of

if TYPE_CHECKING:
    from pathlib import Path

SQLITE = "sqlite"


def check_addresses(url_or_path: str | Path, *, artifacts: str | Path) -> str:
    """Return the kind of database that an address names, such as "sqlite"; nothing is made, opened or asked.

    Raises:
        StoreError: store-url if an address cannot be read, or what it needs is not installed.
    """
    if is_remote(artifacts):
        open_folder(artifacts)
    return driver_of(url_or_path)
