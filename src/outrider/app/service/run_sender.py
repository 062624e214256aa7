"""Each run that is stored, sent to the endpoint of OpenTelemetry that the workspace names, if it names one."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import structlog

from outrider.app.access.signing_key import signing_key
from outrider.model import Origin, OutriderError, RunId, grant_traces
from outrider.telemetry import RunExport
from outrider.workspace import available_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.workspace import OtelSettings, Workspace

_SIGNED_S = 86_400
"""For how long a trace is known for ours: it may wait in queues."""

log = structlog.get_logger("outrider.telemetry")


class RunSender:
    """Hands runs to the SDK of OpenTelemetry; whatever goes wrong there is logged, and never concerns a run."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._used: OtelSettings | None = None
        self._export: RunExport | None = None

    def use(self, workspace: Workspace) -> None:
        """Send where another state of the workspace says, from the next run on; returns at once."""
        self._workspace = workspace

    def run_finished(self, run: Run, _judgements: Sequence[Judgement]) -> None:
        """Send a run; those that did not happen have nothing to send."""
        workspace = self._workspace
        if workspace.otel != self._used:
            self._used = workspace.otel
            self._begin(workspace)
        if self._export is not None and run.attempts:
            self._export.send(run)

    def ticked(self, now_us: int) -> None:
        """Nothing is due."""

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        export, self._export = self._export, None
        if export is not None:
            export.close()

    def _state(self, run: str, trace_id: str) -> str:
        """Sign a trace of our own, so that an ingest of this workspace takes it for no users' traffic."""
        until_s = round(time.time()) + _SIGNED_S
        grant = grant_traces(
            signing_key(self._workspace.state), Origin.SYNTHETIC, RunId(run), attempt=1, until_s=until_s
        )
        return grant.state(trace_id)

    def _begin(self, workspace: Workspace) -> None:
        if self._export is not None:  # what waits for an endpoint keeps no run waiting
            threading.Thread(target=self._export.close, name="otel export", daemon=True).start()
        self._export = None
        settings = workspace.otel
        if not settings.endpoint:
            return
        try:
            secrets = available_secrets(workspace, os.environ)
            headers = {name: secrets[secret].reveal() for name, secret in settings.headers.items()}
            self._export = RunExport(settings.endpoint, headers, {"outrider.workspace": workspace.name}, self._state)
        except OutriderError as error:
            log.warning("runs are not sent by OTLP", reason=str(error))
