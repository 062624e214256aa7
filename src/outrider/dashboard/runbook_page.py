"""A runbook as a page: its Markdown, in which HTML is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.page_templates import render
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources


def runbook_page(sources: Sources, name: str, context: PageContext) -> str:
    """Return a runbook as a page.

    Raises:
        UsageError: unknown-runbook.
    """
    text = sources.runbook(name)
    if text is None:
        what = f'there is no runbook "{name[:80]}"'
        raise UsageError(what, slug="unknown-runbook", fix="runbooks stand in scheduler/runbooks/ of the workspace")
    return render("runbook.html", context, {"name": name, "text": _as_html(text)})


def _as_html(markdown: str) -> str:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where a runbook is read
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return Markup(reader.render(markdown))  # noqa: S704 - HTML is escaped, and links are to web pages only
