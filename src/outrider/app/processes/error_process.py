"""The process of `outrider up` that takes errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import find_workspace, open_store
from outrider.app.errors.error_service import ErrorService
from outrider.app.telemetry.telemetry_follower import TelemetryFollower

if TYPE_CHECKING:
    from outrider.app.processes.child_process import ChildProcess
    from outrider.workspace import Workspace


def serve(child: ChildProcess) -> None:
    """Take errors of the workspace in the current folder, while that is switched on, until the process is to end."""
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store:
        follower = TelemetryFollower(
            workspace, store.overrides, lambda wanted: ErrorService(wanted, store), child.report,
            settings=_errors, what="errors",
        )  # fmt: skip
        child.on_stop(follower.stop)
        child.on_reload(follower.hurry)
        child.ready()
        follower.run()


def _errors(workspace: Workspace) -> object | None:
    return workspace.errors if workspace.capabilities.errors else None
