"""The tag by which pages load the script of real users, with a key of a project."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import list_project_keys
from outrider.model import KeyPurpose, UsageError
from outrider.server import rum_snippet

if TYPE_CHECKING:
    from outrider.model import ProjectRecords
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RumTag:
    """What a page loads the script with.

    Attributes:
        html: The tag.
        policy: What a Content Security Policy has to allow for it.
    """

    html: str
    policy: str


def rum_tag(records: ProjectRecords, workspace: Workspace, number: int, *, has_integrity: bool = False) -> RumTag:
    """Return the tag of a project's newest key for browsers.

    Args:
        records: Projects and their keys.
        workspace: Whose address pages reach.
        number: Of the project.
        has_integrity: Whether the browser loads this very script alone; an update of Outrider then needs another tag.

    Raises:
        UsageError: unknown-project, no-browser-key, bad-url.
    """
    keys = list_project_keys(records, workspace, number)
    usable = [own for own in keys if own.key.purpose is KeyPurpose.BROWSER and own.key.is_valid(now_us())]
    if not usable:
        fix = f"outrider project add-key {number} --origin https://shop.example"
        raise UsageError(f"project {number} has no valid key for browsers", slug="no-browser-key", fix=fix)
    dsn = usable[-1].dsn
    parts = urlsplit(dsn)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    snippet, source, more = rum_snippet(), f"{origin}/rum.js", ""
    if has_integrity and snippet is not None:
        source = f"{origin}/rum-{snippet.version}.js"
        more = f' integrity="{snippet.integrity}" crossorigin="anonymous"'
    if workspace.errors is not None and workspace.errors.query:
        more += f' data-query="{escape(" ".join(workspace.errors.query))}"'
    html = f'<script src="{escape(source)}" data-dsn="{escape(dsn)}"{more} defer></script>'
    return RumTag(html, f"script-src {origin}; connect-src {origin}")
