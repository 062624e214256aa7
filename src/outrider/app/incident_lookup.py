"""What the commands about alerts share."""

from __future__ import annotations

import getpass
import os
import time
from typing import TYPE_CHECKING

from outrider.alerts import Phase, read_alerts, read_incident
from outrider.model import UsageError
from outrider.workspace import resolve_secrets

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings, Incident
    from outrider.store import Store
    from outrider.workspace import Workspace

_FEW = 10


def settings_of(workspace: Workspace) -> AlertSettings:
    """Return what the workspace says of alerts.

    Raises:
        ConfigErrors: With every problem.
    """
    secrets = resolve_secrets(workspace, os.environ)
    values = {name: secrets[name].reveal() for name in secrets}
    return read_alerts(workspace, {**os.environ, **workspace.env, **values})


def now_us() -> int:
    """Return what time it is, microseconds UTC."""
    return time.time_ns() // 1000


def me() -> str:
    """Return who types."""
    try:
        return os.environ.get("OUTRIDER_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return str(os.getuid())


def lasting(store: Store) -> list[Incident]:
    """Return the incidents that last, the latest first."""
    found = (read_incident(one) for one in store.incidents.search(lasting=True, limit=1_000))
    return [one for one in found if one.phase is not Phase.PENDING]


def incident_named(store: Store, text: str) -> Incident:
    """Return the incident that lasts whose id is, begins or ends with `text`.

    Raises:
        UsageError: unknown-incident.
    """
    known = lasting(store)
    found = [one for one in known if one.id.startswith(text) or one.id.endswith(text)]
    if len(found) != 1:
        named = ", ".join(one.id[-8:] for one in known[:_FEW]) or "none"
        what = f'"{text}" is {"no incident that lasts" if not found else f"the beginning or end of {len(found)}"}'
        raise UsageError(what, slug="unknown-incident", fix=f"lasting: {named}; outrider incidents lists them")
    return found[0]
