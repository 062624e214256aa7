"""A runbook as a page: its Markdown, in which HTML is text, with what is known of an incident filled in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from outrider.alerts import fill_in, runbook_values
from outrider.dashboard.incident_view import named_incident
from outrider.dashboard.page_templates import render
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markdown_it.token import Token

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources

_CODE = frozenset({"code_inline", "fence", "code_block"})


def runbook_page(sources: Sources, name: str, incident_name: str, context: PageContext) -> str:
    """Return a runbook as a page.

    Args:
        incident_name: Whose values are filled in; empty, or one that is not known, for nobody's.

    Raises:
        UsageError: unknown-runbook.
    """
    text = sources.runbook(name)
    if text is None:
        what = f'there is no runbook "{name[:80]}"'
        raise UsageError(what, slug="unknown-runbook", fix="runbooks stand in scheduler/runbooks/ of the workspace")
    incident = None
    if incident_name:
        with suppress(UsageError):
            incident = named_incident(sources, incident_name)
    values = runbook_values(incident) if incident is not None else {}
    return render("runbook.html", context, {"name": name, "text": _as_html(text, values), "incident": incident})


def _as_html(markdown: str, values: Mapping[str, str]) -> str:
    """Return Markdown as HTML. Values are filled in after it was read: none of them becomes a link or a heading."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where a runbook is read
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(markdown)
    for token in _all(tokens):
        if token.type in _CODE or token.type == "text":
            token.content = fill_in(token.content, values, is_code=token.type in _CODE)
    html = reader.renderer.render(tokens, reader.options, {})
    return Markup(html)  # noqa: S704 - HTML is escaped, and links are to web pages only


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())
