"""The search as a page, for browsers without scripts and for addresses that are shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.page_templates import render

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.site_search import SearchBody


def search_page(body: SearchBody, text: str, context: PageContext) -> str:
    """Return what a text finds as a page."""
    return render("search.html", context, {"hits": body.items, "is_complete": body.is_complete, "text": text})
