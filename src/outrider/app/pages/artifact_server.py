"""The origin of artifacts beside the pages of a service: its key, its listener and the trace viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.signing_key import signing_key
from outrider.app.access.workspace_access import now_us
from outrider.app.pages.page_server import PageServer
from outrider.journeys import trace_viewer_folder
from outrider.server import ArtifactOrigin, artifact_application, is_loopback

if TYPE_CHECKING:
    from outrider.model import ArtifactStore
    from outrider.scheduler import Health
    from outrider.workspace import Workspace


class ArtifactServer:
    """Serves artifacts at an origin that is not that of pages.

    On loopback pages answer for it, too, and no further port is bound; elsewhere it has a listener of its own.

    Args:
        workspace: Whose settings hold, as they are when the service starts.
        artifacts: Where files lie.
        health: Takes the problem of an address that is taken.
    """

    def __init__(self, workspace: Workspace, artifacts: ArtifactStore, health: Health) -> None:
        self._workspace = workspace
        self._health = health
        self._listener: PageServer | None = None
        self.origin = ArtifactOrigin(
            artifacts=artifacts,
            key=signing_key(workspace.state),
            url=workspace.server.artifacts_url,
            port=lambda: self.bound_port,
            is_port_chosen=bool(workspace.server.artifacts_port),
            viewer=trace_viewer_folder(),
        )

    def start(self, host: str, pages_port: int, port_before: int | None = None) -> None:
        """Listen at a port of its own, if there is one, now or as soon as it is free.

        Args:
            host: The address to listen at.
            pages_port: Where pages listen.
            port_before: Where this origin was before, if it had a port of its own: addresses of artifacts name it.
        """
        port = self._own_port(host, pages_port)
        if port is None:
            return
        port = port_before or port
        application = artifact_application(self.origin, now_us, self._workspace.service.hosts)
        self._listener = PageServer(
            host,
            port,
            application,
            self._health,
            subject="artifacts",
            hint="name another artifacts_port in [server]; pages are served all the same",
        )
        self._listener.start()

    def close(self) -> None:
        """Stop answering."""
        if self._listener is not None:
            self._listener.close()

    @property
    def bound_port(self) -> int:
        """The port that is bound, 0 while there is none of its own."""
        return self._listener.port if self._listener is not None else 0

    def _own_port(self, host: str, pages_port: int) -> int | None:
        """Return where to listen, 0 for any port; None for nowhere."""
        server = self._workspace.server
        if server.artifacts_port:
            return server.artifacts_port
        if is_loopback(host) or server.artifacts_url:
            return None
        return pages_port + 1 if 0 < pages_port < 65_535 else 0
