"""Who changed what: what the command line adds to it, and how it is read."""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import now_us
from outrider.model import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import AuditLog, Excerpt

    Note = Callable[[str, str, str], AuditEntry]
    """Returns what the audit log says of an action, its subject, and what else there is to know."""


def command_line_change(action: str, subject: str, detail: str = "", *, author: str = "") -> AuditEntry:
    """Return what the audit log says of a change that is made at this command line.

    Args:
        action: What is done, such as "silence.add".
        subject: To what.
        detail: What else there is to know.
        author: Who says that they do it; the user of this process if absent.
    """
    user = current_user()
    by = f" by {user}" if author not in {"", user} else ""
    return AuditEntry(now_us(), author or user, action, subject, detail, f"command line on {socket.gethostname()}{by}")


def list_changes(log: AuditLog, limit: int) -> Excerpt[AuditEntry]:
    """Return the latest entries of the audit log, the latest first."""
    return log.search(limit=limit)


def current_user() -> str:
    """Return the name of the user of this process."""
    try:
        return os.environ.get("OUTRIDER_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return str(os.getuid())
