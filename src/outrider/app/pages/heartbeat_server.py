"""The HTTP server that heartbeats call, without a scheduler beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.app.access.access_rules import access_rules
from outrider.app.access.workspace_access import now_us
from outrider.app.execution.declared_checks import probes_of
from outrider.app.pages.listening_record import ListeningRecord
from outrider.server import Access, application, is_loopback, listen, serve
from outrider.workspace import available_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import HeartbeatRecords, OutriderError
    from outrider.workspace import Workspace


def serve_heartbeats(
    workspace: Workspace,
    store: HeartbeatRecords,
    *,
    host: str,
    port: int,
    ready: Callable[[str, int], None],
    report_problem: Callable[[OutriderError], None] = lambda _: None,
) -> None:
    """Serve until the process is stopped.

    Args:
        workspace: Whose heartbeats.
        store: Where calls are recorded.
        host: The address to listen at.
        port: Where; 0 picks a free one.
        ready: Takes the address and the number of heartbeats as soon as requests are answered.
        report_problem: Takes each problem of a probe; the other heartbeats are served all the same.

    Raises:
        UsageError: port-taken.
    """
    catalogue = probes_of(workspace, available_secrets(workspace, os.environ))
    for problem in catalogue.problems:
        report_problem(problem)
    access = Access(store, access_rules(workspace, is_loopback=is_loopback(host)), now_us)
    with listen(host, port) as listener:
        store.checks.record(catalogue.checks, now_us())
        bound = listener.getsockname()
        shown = f"[{host}]" if ":" in host else host
        with ListeningRecord(store.heartbeats, lambda: True):
            serve(
                application(
                    store.heartbeats, catalogue.heartbeats, now_us, hosts=workspace.service.hosts, access=access
                ),
                listener,
                lambda: ready(f"http://{shown}:{bound[1]}", len(set(catalogue.heartbeats.by_key.values()))),
            )
