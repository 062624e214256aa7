"""The process of `outrider up` that answers over HTTP: pages, API, live stream, files, heartbeats, health."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrider.app.access.scheduler_reader import SchedulerReader
from outrider.app.access.workspace_access import find_workspace, open_store
from outrider.app.pages.web_service import WebService

if TYPE_CHECKING:
    from outrider.app.processes.child_process import ChildProcess


def serve(child: ChildProcess) -> None:
    """Answer for the workspace in the current folder until the process is to end."""
    workspace = find_workspace()
    stopping = threading.Event()
    scheduler = SchedulerReader(child.link("scheduler"), lambda: child.processes)
    with open_store(workspace, to_write=True) as store:
        child.on_stop(stopping.set)
        web = WebService(workspace, store, scheduler)
        web.start(child.options.host, child.kept.get("port", child.options.port), child.kept.get("artifacts_port"))
        try:
            web.follow(stopping, lambda ports: child.ready(**ports))
        finally:
            web.close()
