"""The public status page beside the pages of a service: at a path of theirs, or with a listener of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import now_us
from outrider.app.pages.page_server import PageServer
from outrider.dashboard import StatusPageSources
from outrider.scheduler import Windows
from outrider.server import StatusPage, status_page_application

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Check, PlannedMaintenance, StatusPageRecords
    from outrider.scheduler import Health
    from outrider.workspace import Workspace


def status_page_sources(
    workspace: Workspace, store: StatusPageRecords, checks: Sequence[Check]
) -> StatusPageSources | None:
    """Return what the status page of a workspace is made from; None if it has none."""
    if workspace.status_page is None:
        return None
    windows = Windows(workspace.maintenance, workspace.timezone)
    return StatusPageSources(
        store, workspace.status_page, lambda: checks, partial(_planned, windows), now_us,
        timezone=workspace.timezone, current=workspace.current, confirms=workspace.capabilities.alerts,
    )  # fmt: skip


def _planned(windows: Windows, checks: Sequence[Check], since_us: int, until_us: int) -> Sequence[PlannedMaintenance]:
    return windows.planned(checks, since_us, until_us)


class StatusPageListener:
    """Serves the status page; its address is that of the moment at which the service starts, all else is followed.

    Args:
        store: Where everything is kept.
        health: Takes the problem of an address that is taken.
    """

    def __init__(self, store: StatusPageRecords, health: Health) -> None:
        self.page = StatusPage()
        self._store = store
        self._health = health
        self._listener: PageServer | None = None

    def start(self, workspace: Workspace, host: str) -> None:
        """Listen at a port of its own if the settings name one, now or as soon as it is free."""
        settings = workspace.status_page
        if settings is None or not settings.port:
            return
        self._listener = PageServer(
            settings.host or host, settings.port, status_page_application(self.page), self._health,
            subject="status_page", hint="name another port in [status_page]; checks run all the same",
        )  # fmt: skip
        self._listener.start()

    def use(self, workspace: Workspace, checks: Sequence[Check]) -> None:
        """Follow a new state of the workspace."""
        self.page.use(status_page_sources(workspace, self._store, checks))

    def close(self) -> None:
        """Stop answering."""
        if self._listener is not None:
            self._listener.close()
