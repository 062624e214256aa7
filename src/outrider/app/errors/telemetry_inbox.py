"""Telemetry that comes with a project's key, handed from the process of errors to that of telemetry by a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from outrider.app.access.signing_key import signing_key
from outrider.errors import (
    LOG_ITEMS,
    METRIC_ITEMS,
    OTLP_SIGNALS,
    beyond_records,
    otlp_logs,
    otlp_metrics,
    otlp_spans,
    project_request,
    without_queries,
)
from outrider.telemetry import JSON, AttributeReader, BadTelemetry, Intake, SignalKind, Spool, SpoolFull

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from outrider.model import ErrorProject
    from outrider.telemetry import Scrubber, Tally
    from outrider.workspace import Workspace

INBOX_FOLDER: Final = "telemetry/inbox"
_MOST_BYTES: Final = 100 * 10**6


class TelemetryInbox:
    """Writes segments that the process of telemetry takes into its own spool; safe between threads.

    While nobody takes them, 100 MB wait, and what is beyond is counted and left out.
    """

    def __init__(self, workspace: Workspace, scrubber: Scrubber, tally: Tally) -> None:
        self._spool = Spool(workspace.state / INBOX_FOLDER, _MOST_BYTES)
        self._tally = tally
        self._query = workspace.errors.query if workspace.errors is not None else ()
        self._intake = Intake(self._spool, AttributeReader(scrubber=scrubber, key=signing_key(workspace.state)))
        self.use(workspace)

    def use(self, workspace: Workspace) -> None:
        """Take the signals that are switched on in a workspace, while it takes telemetry at all."""
        switches = workspace.capabilities
        is_on = workspace.telemetry is not None and switches.telemetry
        on = {
            SignalKind.LOGS: switches.logs, SignalKind.TRACES: switches.traces, SignalKind.METRICS: switches.metrics,
        }  # fmt: skip
        self._taken = frozenset(kind for kind, is_wanted in on.items() if is_on and is_wanted)

    def take(self, project: ErrorProject, item: str, document: Mapping[str, Any]) -> bool:
        """Keep an item of an envelope, or a request of OTLP (`traces`, `logs`); return whether it was kept."""
        kind = _kind(item)
        if kind not in self._taken:
            return False
        request = _request(item, kind, document, project)
        if not request:
            return False
        try:
            self._intake.take(kind, json.dumps(without_queries(request, self._query)).encode(), JSON, "")
        except (BadTelemetry, SpoolFull, ImportError) as why:
            self._tally.add(f"{item} items left out, {_REASONS[type(why)]}")
            return False
        if item not in OTLP_SIGNALS and (beyond := beyond_records(document)):
            self._tally.add(f"records of {item} items left out, beyond 1,000", beyond)
        return True

    def hand_over(self) -> None:
        """Let the process of telemetry have what was written until now."""
        self._spool.hand_over()


def _request(item: str, kind: SignalKind, document: Mapping[str, Any], project: ErrorProject) -> dict[str, Any]:
    if item in OTLP_SIGNALS:
        return project_request(item, document, project.service, project.environment)
    return _CONVERTERS[kind](document, project.service, project.environment)


def _kind(item: str) -> SignalKind:
    if item in METRIC_ITEMS:
        return SignalKind.METRICS
    return SignalKind.LOGS if item in LOG_ITEMS or item == SignalKind.LOGS else SignalKind.TRACES


_CONVERTERS: Final = {
    SignalKind.LOGS: otlp_logs, SignalKind.TRACES: otlp_spans, SignalKind.METRICS: otlp_metrics,
}  # fmt: skip


_REASONS: Final = {BadTelemetry: "not readable", SpoolFull: "no room", ImportError: "no extra telemetry"}
