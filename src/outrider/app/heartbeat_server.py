"""The HTTP server that heartbeats call, without a scheduler beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.app.runtime import probes_of
from outrider.app.workspace_access import now_us
from outrider.model import ConfigErrors
from outrider.server import application, listen, serve
from outrider.workspace import available_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import CheckRecords
    from outrider.workspace import Workspace


def serve_heartbeats(
    workspace: Workspace, store: CheckRecords, *, host: str, port: int, ready: Callable[[str, int], None]
) -> None:
    """Serve until the process is stopped.

    Args:
        workspace: Whose heartbeats.
        store: Where calls are recorded.
        host: The address to listen at.
        port: Where; 0 picks a free one.
        ready: Takes the address and the number of heartbeats as soon as requests are answered.

    Raises:
        ConfigErrors: If probes of the workspace are wrong.
        UsageError: port-taken.
    """
    catalogue = probes_of(workspace, available_secrets(workspace, os.environ))
    if catalogue.problems:
        raise ConfigErrors(catalogue.problems)
    with listen(host, port) as listener:
        store.checks.record(catalogue.checks, now_us())
        bound = listener.getsockname()
        shown = f"[{host}]" if ":" in host else host
        serve(
            application(store.heartbeats, catalogue.tokens, now_us, hosts=workspace.service.hosts),
            listener,
            lambda: ready(f"http://{shown}:{bound[1]}", len(catalogue.tokens)),
        )
