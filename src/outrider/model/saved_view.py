"""Queries that people saved under a name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ViewPage(StrEnum):
    """A page whose query can be saved."""

    LOGS = "logs"
    TRACES = "traces"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class SavedView:
    """A query of a page under a name, which is unique on that page.

    Attributes:
        query: As the page takes it.
        author: Who saved it.
    """

    page: ViewPage
    name: str
    query: str
    author: str
    saved_us: int

    @property
    def id(self) -> str:
        """What the API calls it."""
        return f"{self.page}/{self.name}"
