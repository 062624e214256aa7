"""Whether a store could be opened at its addresses, as far as that is known without creating anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import StoreError
from outrider.store.artifact_folder import check_artifacts, is_remote, open_folder
from outrider.store.database import check_database, driver_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TRIED_DATABASES = ("sqlite", "postgresql")
"""The kinds that all tests of the store hold for."""


def check_addresses(url_or_path: str | Path, *, artifacts: str | Path) -> str:
    """Return the kind of database that an address names, such as "sqlite"; nothing is made, opened or asked.

    Raises:
        StoreError: store-url if an address cannot be read, or what it needs is not installed.
    """
    if is_remote(artifacts):
        open_folder(artifacts)
    return driver_of(url_or_path)


def store_problems(url_or_path: str | Path, *, artifacts: str | Path) -> Mapping[str, StoreError]:
    """Return why a store could not be opened, by what is wrong: "url", its database, and "artifacts", its folder."""
    problems = {}
    checks = (("url", check_database, url_or_path), ("artifacts", check_artifacts, artifacts))
    for key, check, place in checks:
        try:
            if key == "url":
                driver_of(place)
            elif is_remote(place):
                open_folder(place)
            check(place)
        except StoreError as error:
            problems[key] = error
    return problems
