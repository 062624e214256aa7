"""The option that begins with the query of a saved view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outrider.app import open_store, view_query
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.app import Backend, Workspace
    from outrider.model import ViewPage

view_option = click.option("--view", metavar="NAME", help="Begin with the query of a saved view: outrider views.")


def viewed_query(backend: Backend, page: ViewPage, view: str | None, query: tuple[str, ...]) -> str:
    """Return what was typed after the query of the view that was named; as `asked_query`, of a server, too.

    Raises:
        UsageError: unknown-view.
    """
    typed = " ".join(query)
    if view is None:
        return typed
    saved = next((own.query for own in backend.views() if own.page is page and own.name == view), None)
    if saved is None:
        fix = "outrider views lists them"
        raise UsageError(f'no view of {page} is called "{view[:80]}"', slug="unknown-view", fix=fix)
    return f"{saved} {typed}".strip()


def asked_query(workspace: Workspace, page: ViewPage, view: str | None, query: tuple[str, ...]) -> str:
    """Return what was typed, narrowing the view that was named."""
    text = " ".join(query)
    if view is None:
        return text
    with open_store(workspace) as store:
        return view_query(store.views, page, view, text)
