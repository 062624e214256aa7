"""Releases: marked, listed, and the periods between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.audit_trail import command_line_change
from outrider.app.workspace_access import now_us
from outrider.model import Release, UsageError

if TYPE_CHECKING:
    from outrider.app.audit_trail import Note
    from outrider.model import AuditLog, JudgeMemory
    from outrider.workspace import Workspace

_MOST_CHARACTERS = 200


def mark_release(
    workspace: Workspace,
    releases: JudgeMemory,
    name: str,
    *,
    audit: AuditLog,
    at_us: int | None = None,
    environment: str | None = None,
    accept: bool = False,
    note: Note = command_line_change,
) -> None:
    """Mark a deploy, so that changes can be explained by it.

    Args:
        workspace: Whose default environment holds if none is given.
        releases: Where releases are kept.
        name: Of the release.
        audit: Where it is noted who marked it.
        at_us: When it went live, microseconds UTC; now if absent.
        environment: Where.
        accept: Learn the level since then as the new baseline.
        note: Says who marks it, for the audit log; the command line if absent.

    Raises:
        UsageError: bad-argument, for a name or an environment that no line of a page or terminal can show.
    """
    _check_text("the name of a release", name)
    place = environment or workspace.defaults.environment
    _check_text("an environment", place)
    release = Release(name, place, now_us() if at_us is None else at_us, accept)
    with audit.alongside(note("release.mark", name, f"{place}{', accepted' if accept else ''}")):
        releases.record_release(release)


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > _MOST_CHARACTERS or not text.isprintable():
        fix = f"write 1 to {_MOST_CHARACTERS} printable characters, such as v2.4"
        raise UsageError(f"{text[:_MOST_CHARACTERS]!r} cannot be {what}", slug="bad-argument", fix=fix)


def list_releases(releases: JudgeMemory, environment: str | None = None) -> tuple[Release, ...]:
    """Return the marked releases of an environment, or of all."""
    return tuple(releases.releases(environment))
