"""What operators write on the public status page, as a page of the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.page_templates import render
from outrider.dashboard.status_page_view import status_page_view
from outrider.model import MOST_TEXT_CHARACTERS, MOST_TITLE_CHARACTERS, Impact, StatusPhase

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.status_page_view import StatusPageSources


def status_page_page(sources: StatusPageSources | None, context: PageContext) -> str:
    """Return the page; without a status page it says how to get one."""
    values = {
        "view": status_page_view(sources) if sources is not None else None,
        "settings": sources.settings if sources is not None else None,
        "phases": [phase.value for phase in StatusPhase],
        "impacts": [impact.value for impact in reversed(Impact)],
        "most_text": MOST_TEXT_CHARACTERS,
        "most_title": MOST_TITLE_CHARACTERS,
    }
    return render("status_editor.html", context, values)
