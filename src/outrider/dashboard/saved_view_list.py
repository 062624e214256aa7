"""Queries that people saved: beside the query of a page, and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_addresses import saved_view_path, view_removal_path

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import SavedView, ViewPage


@dataclass(frozen=True, slots=True)
class ViewItem:
    """A saved view; `path` is the page that shows what its query finds."""

    id: str
    page: str
    name: str
    query: str
    author: str
    saved: str | None
    path: str


@dataclass(frozen=True, slots=True)
class ViewsBody:
    """All saved views, by page and name."""

    items: tuple[ViewItem, ...]


@dataclass(frozen=True, slots=True)
class ViewChoice:
    """A saved view as the page of its query shows it."""

    view: SavedView
    path: str
    removal: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ViewChoices:
    """The saved views of a page, and the query that it shows."""

    page: ViewPage
    query: str
    choices: tuple[ViewChoice, ...]


def view_choices(sources: Sources, page: ViewPage, query: str) -> ViewChoices:
    """Return the saved views of a page that shows a query."""
    shown = query.strip()
    views = [view for view in sources.store.views.all() if view.page is page]
    choices = tuple(
        ViewChoice(view, saved_view_path(page, view.query), view_removal_path(view.id), view.query == shown)
        for view in views
    )
    return ViewChoices(page, query, choices)


def api_views(sources: Sources) -> ViewsBody:
    """Return all saved views."""
    views = sources.store.views.all()
    return ViewsBody(
        tuple(
            ViewItem(
                view.id, view.page, view.name, view.query, view.author, instant(view.saved_us),
                saved_view_path(view.page, view.query),
            )
            for view in views
        )
    )  # fmt: skip
