"""The process of `outrider up` that takes, keeps and prunes telemetry; the engine is a process of its own below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import find_workspace, open_store
from outrider.app.telemetry.telemetry_follower import TelemetryFollower

if TYPE_CHECKING:
    from outrider.app.processes.child_process import ChildProcess
    from outrider.app.telemetry.telemetry_service import TelemetryService
    from outrider.model import TelemetryRecords
    from outrider.workspace import Workspace


def serve(child: ChildProcess) -> None:
    """Take telemetry of the workspace in the current folder, while it is switched on, until the process is to end."""
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store:
        follower = TelemetryFollower(workspace, store.overrides, lambda wanted: _begun(wanted, store), child.report)
        child.on_stop(follower.stop)
        child.on_reload(follower.hurry)
        child.ready()
        follower.run()


def _begun(workspace: Workspace, records: TelemetryRecords) -> TelemetryService:
    from outrider.app.telemetry.telemetry_service import TelemetryService  # noqa: PLC0415 - 34 MiB that only taking needs

    return TelemetryService(workspace, records)
