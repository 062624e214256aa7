"""The option that begins with the query of a saved view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outrider.app import open_store, view_query

if TYPE_CHECKING:
    from outrider.app import Workspace
    from outrider.model import ViewPage

view_option = click.option("--view", metavar="NAME", help="Begin with the query of a saved view: outrider views.")


def asked_query(workspace: Workspace, page: ViewPage, view: str | None, query: tuple[str, ...]) -> str:
    """Return what was typed, narrowing the view that was named."""
    text = " ".join(query)
    if view is None:
        return text
    with open_store(workspace) as store:
        return view_query(store.views, page, view, text)
