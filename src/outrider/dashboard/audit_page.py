"""The audit log as a page, and as the API tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_templates import PageContext, render

if TYPE_CHECKING:
    from outrider.model import AuditEntry, AuditLog, Excerpt

_LISTED = 50


@dataclass(frozen=True, slots=True)
class ChangeBody:
    """A change that somebody made: who, what, to what, and from where."""

    at: str
    actor: str
    action: str
    subject: str
    detail: str
    origin: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes, the latest first; `next` is the cursor of the page after this one, empty on the last."""

    items: tuple[ChangeBody, ...]
    next: str


def audit_page(log: AuditLog, context: PageContext, before: str) -> str:
    """Return a page of the audit log, from before a position on."""
    entries = log.search(before=_position(before), limit=_LISTED)
    return render("audit.html", context, {"entries": entries, "next": _next(entries), "is_first": not before})


def api_changes(log: AuditLog, before: str, limit: int) -> ChangePage:
    """Return a page of the audit log for the API."""
    entries = log.search(before=_position(before), limit=limit)
    return ChangePage(tuple(map(_body, entries)), _next(entries))


def _position(text: str) -> int | None:
    """Return the position that an address names; None if it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _next(entries: Excerpt[AuditEntry]) -> str:
    return "" if entries.is_complete else str(entries[-1].key)


def _body(entry: AuditEntry) -> ChangeBody:
    return ChangeBody(instant(entry.at_us) or "", entry.actor, entry.action, entry.subject, entry.detail, entry.origin)
