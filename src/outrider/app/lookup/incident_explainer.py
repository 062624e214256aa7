"""Looks up what explains incidents, in a thread of its own: messages and runs wait for it little, or not at all."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from outrider.app.lookup.joined_telemetry import reach_joined
from outrider.app.lookup.request_traces import names_traces
from outrider.app.lookup.source_access import errors_of_time, errors_of_traces
from outrider.app.lookup.telemetry_access import notable_patterns
from outrider.dashboard import (
    SPANS_SENT_US,
    CauseTelemetry,
    ChangedTelemetry,
    OutsideErrors,
    awaits_spans,
    cause_traces,
    change_causes,
    change_quotes,
    changes_of,
    incident_quotes,
    is_named,
    met_services,
    named_causes,
    user_quotes,
)
from outrider.model import NotLeading, OutriderError, ServiceReader, TelemetryReader
from outrider.real_users import RealUserReader
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from outrider.alerts import AlertProcessor, Incident, Quote
    from outrider.model import AlertRecords, Span
    from outrider.workspace import Workspace

_US: Final = 1_000_000
_LOOKS_US: Final = (0, 30 * _US, 300 * _US)
"""After an incident opened, or shows something else: at once, or when its spans were sent, and again when what was late
has arrived."""

_WAITED_US: Final = 4_500_000
_CLOSES_S: Final = 15.0
_log = structlog.get_logger("outrider.alerts")


class ExplainingTelemetry(TelemetryReader, ServiceReader, RealUserReader, Protocol):
    """What is asked of telemetry."""


@dataclass(slots=True)
class _Looks:
    """How often an incident was looked up since when, and what it showed then."""

    shows: tuple[str, int]
    since_us: int
    count: int = 0


class IncidentExplainer:
    """Explains incidents that notify somebody, one after another; used by one thread.

    Args:
        store: Of runs, their traces, errors, and what changed.
        reach: Opens the telemetry of a workspace.
    """

    def __init__(
        self,
        store: AlertRecords,
        reach: Callable[[Workspace], AbstractContextManager[ExplainingTelemetry]] = reach_joined,
    ) -> None:
        self._store = store
        self._reach = reach
        self._looks: dict[str, _Looks] = {}
        self._until_us: dict[str, int] = {}
        self._arriving: set[str] = set()
        self._folds = True
        self._thread: threading.Thread | None = None

    def ticked(self, processor: AlertProcessor, workspace: Workspace, now_us: int) -> None:
        """Begin to explain what is due; the first message waits ten seconds at most. Switched off, none does.

        While the spans of its runs are on their way it is looked up again, as long as its message waits.
        What telemetry tells of waits half a minute: a check that fails for the same cause is told of in its place.
        """
        if not workspace.capabilities.explanations:
            return
        sent_us = SPANS_SENT_US if names_traces(workspace) else 0
        self._folds = processor.folds
        paging = [own for own in processor.open_incidents() if own.pages and is_named(own)]
        incidents = [own for own in paging if self._folds or own.lead.run]
        self._looks = {own.id: self._looks[own.id] for own in incidents if own.id in self._looks}
        self._until_us = {own: us for own, us in self._until_us.items() if own in self._looks and us > now_us}
        for incident in incidents:
            before = self._looks.get(incident.id)
            if before is None or before.shows != incident.shows:
                since_us = now_us if before else incident.confirmed_us or incident.began_us
                self._looks[incident.id] = _Looks(incident.shows, since_us)
                if not incident.explanation:
                    waits_us = sent_us if incident.lead.run else _LOOKS_US[1]
                    self._until_us[incident.id] = now_us + waits_us + _WAITED_US
                    processor.await_explanation(incident.id, self._until_us[incident.id])
        again = self._arriving & self._until_us.keys()
        due = [own for own in incidents if own.id in again or self._is_due(own, now_us, sent_us)]
        if due and (self._thread is None or not self._thread.is_alive()):
            for incident in due:
                self._looks[incident.id].count += incident.id not in again
            self._arriving = set()
            arguments = (processor, workspace, due, now_us)
            self._thread = threading.Thread(target=self._explain, args=arguments, name="explanation", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait until what is being explained is."""
        if self._thread is not None:
            self._thread.join(_CLOSES_S)

    def _is_due(self, incident: Incident, now_us: int, sent_us: int) -> bool:
        looks = self._looks[incident.id]
        return looks.count < len(_LOOKS_US) and now_us >= looks.since_us + max(_LOOKS_US[looks.count], sent_us)

    def _explain(self, processor: AlertProcessor, workspace: Workspace, incidents: list[Incident], now_us: int) -> None:
        """Explain incidents, one after another; what cannot be read of one says nothing of the others."""
        try:
            with self._reach(workspace) if names_traces(workspace) else nullcontext() as telemetry:
                for incident in incidents:
                    self._keep(processor, incident, self._explanation(workspace, telemetry, incident, now_us))
        except NotLeading:
            _log.info("incident.unexplained", why="another process leads")
        except OutriderError as error:
            _log.warning("incident.unexplained", why=gated(error.what))
            for incident in incidents:
                self._keep(processor, incident, self._explanation(workspace, None, incident, now_us))
        except Exception as error:  # nobody waits for this thread: it says itself what went wrong
            _log.exception("incident.unexplained", why=gated(f"{type(error).__name__}: {error}"))

    def _keep(
        self, processor: AlertProcessor, incident: Incident, known: tuple[tuple[Quote, ...], tuple[str, ...]]
    ) -> None:
        looks = self._looks.get(incident.id)
        is_due = incident.id not in self._arriving and (bool(incident.lead.run) or bool(looks and looks.count > 1))
        processor.explain(incident.id, *known, is_due=is_due, shows=incident.shows)

    def _explanation(
        self, workspace: Workspace, telemetry: ExplainingTelemetry | None, incident: Incident, now_us: int
    ) -> tuple[tuple[Quote, ...], tuple[str, ...]]:
        """Return where it lies and what may have caused it, as far as that can be read, and what its traces name."""
        quotes: tuple[Quote, ...] = ()
        named: tuple[str, ...] = ()
        try:
            if telemetry is not None:
                quotes = user_quotes(self._store, telemetry, incident, now_us)
            quotes = (*quotes, *self._quotes(workspace, telemetry, incident, now_us))
            reader = CauseTelemetry(telemetry, telemetry) if telemetry is not None else None
            traces = cause_traces(self._store, reader, incident, now_us)
            if telemetry is not None and awaits_spans(self._store, telemetry, incident, traces):
                self._arriving.add(incident.id)
            named = named_causes(self._store, reader, incident, traces, now_us) if self._folds else ()
            if not workspace.capabilities.suspects:
                return quotes, named
            changed = self._changed(workspace, telemetry, traces)
            changes = changes_of(self._store, incident, now_us, changed)
            return (*quotes, *change_quotes(changes)), (*named, *change_causes(changes))
        except OutriderError as error:
            _log.warning("incident.unexplained", incident=incident.id, why=gated(error.what))
            return quotes, named

    def _changed(
        self, workspace: Workspace, telemetry: ExplainingTelemetry | None, traces: Mapping[str, Sequence[Span]]
    ) -> ChangedTelemetry:
        if telemetry is None:
            return ChangedTelemetry()
        met = met_services(span for spans in traces.values() for span in spans)
        services = telemetry if workspace.telemetry is not None else None
        return ChangedTelemetry(services, notable_patterns(workspace), met)

    def _quotes(
        self, workspace: Workspace, telemetry: ExplainingTelemetry | None, incident: Incident, now_us: int
    ) -> tuple[Quote, ...]:
        errors = OutsideErrors(partial(errors_of_traces, workspace, now_us=now_us), partial(errors_of_time, workspace))
        return incident_quotes(self._store, telemetry, incident, now_us, outside_errors=errors)
