"""Port: queries that people saved under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.saved_view import SavedView, ViewPage


class ViewLog(Protocol):
    """Saved views."""

    def put(self, view: SavedView) -> None:
        """Keep a view, in the place of the one of its page that has its name."""
        ...

    def remove(self, page: ViewPage, name: str) -> bool:
        """Remove a view; return false if there is none."""
        ...

    def all(self) -> tuple[SavedView, ...]:
        """Return all views, by page and name."""
        ...
