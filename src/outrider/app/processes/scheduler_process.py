"""The process of `outrider up` that runs checks: leadership, workers, probes, judging, alerts, mail and retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import find_workspace, open_store
from outrider.app.service.workspace_service import WorkspaceService

if TYPE_CHECKING:
    from outrider.app.processes.child_process import ChildProcess


def serve(child: ChildProcess) -> None:
    """Run the checks of the workspace in the current folder until the process is to end."""
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store:
        service = WorkspaceService(workspace, store, report_problem=child.report, may_lead=child.options.may_lead)
        child.on_stop(service.stop)
        child.on_reload(service.reload)
        child.answer(service.answer)
        child.ready()
        service.serve()
