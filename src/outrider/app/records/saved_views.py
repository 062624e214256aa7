"""Queries of pages that people save under a name; all who use the store see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.errors import issue_query
from outrider.model import SavedView, UsageError, ViewPage
from outrider.telemetry_store import QueryText
from outrider.workspace import gated, nearest

if TYPE_CHECKING:
    from outrider.app.access.audit_trail import Note
    from outrider.model import AuditLog, ViewLog

_NAME_CHARACTERS: Final = 80
_MOST: Final = 200


def save_view(
    log: ViewLog,
    page: ViewPage,
    name: str,
    query: str,
    *,
    audit: AuditLog,
    author: str = "",
    note: Note = command_line_change,
) -> SavedView:
    """Save a query under a name, in the place of the view of that page that has it; secrets in it are masked.

    Args:
        log: Where views are kept.
        page: What the query asks.
        name: 1 to 80 characters.
        query: As the page takes it.
        audit: Where it is noted who did so.
        author: Who does so; the user of this process if absent.
        note: Says who does so, for the audit log; the command line if absent.

    Raises:
        UsageError: bad-query, or bad-argument for a name that is none or one too many.
    """
    typed = " ".join(name.split())
    if not (0 < len(typed) <= _NAME_CHARACTERS and typed.isprintable()):
        what = f"the name of a view has 1 to {_NAME_CHARACTERS} printable characters"
        raise UsageError(what, slug="bad-argument", fix='such as "failed payments"')
    _check_query(page, query)
    written = gated(typed)
    known = [view.name for view in log.all() if view.page is page]
    if written not in known and len(known) >= _MOST:
        fix = f"remove one: outrider views NAME --of {page} --remove"
        raise UsageError(f"{_MOST} views of {page} are saved already", slug="bad-argument", fix=fix)
    view = SavedView(page, written, gated(query.strip()), author or current_user(), now_us())
    with audit.alongside(note("view.save", view.id, view.query)):
        log.put(view)
    return view


def _check_query(page: ViewPage, query: str) -> None:
    match page:
        case ViewPage.LOGS | ViewPage.TRACES:
            QueryText(query)
        case ViewPage.ERRORS:
            issue_query(query, now_us())
        case _:
            assert_never(page)


def list_views(log: ViewLog) -> tuple[SavedView, ...]:
    """Return all saved views, by page and name."""
    return log.all()


def find_view(log: ViewLog, page: ViewPage, name: str) -> SavedView:
    """Return a saved view.

    Raises:
        UsageError: unknown-view.
    """
    known = {view.name: view for view in log.all() if view.page is page}
    if (view := known.get(" ".join(name.split()))) is not None:
        return view
    fix = nearest(name, known) if known else f"none is saved; outrider views NAME QUERY --of {page} saves one"
    raise UsageError(f'no view of {page} is called "{name[:80]}"', slug="unknown-view", fix=fix)


def view_query(log: ViewLog, page: ViewPage, name: str, more: str = "") -> str:
    """Return the query of a saved view, narrowed to what `more` asks for; its time holds if it names one.

    Raises:
        UsageError: unknown-view, bad-query.
    """
    query = find_view(log, page, name).query
    return f"{query} {more}".strip() if page is ViewPage.ERRORS else QueryText(query).narrowed(more)


def remove_view(log: ViewLog, page: ViewPage, name: str, *, audit: AuditLog, note: Note = command_line_change) -> None:
    """Remove a saved view.

    Raises:
        UsageError: unknown-view.
    """
    view = find_view(log, page, name)
    with audit.alongside(note("view.remove", view.id, view.query)):
        log.remove(page, view.name)
