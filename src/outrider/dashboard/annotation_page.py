"""Annotations as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.annotation_view import latest_annotations
from outrider.dashboard.page_templates import render

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources


def annotations_page(sources: Sources, matchers: str, context: PageContext) -> str:
    """Return the page; its form is filled in with matchers, one a line."""
    return render("annotations.html", context, {"annotations": latest_annotations(sources), "matchers": matchers})
