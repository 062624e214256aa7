"""The telemetry of a workspace: opened as its settings say, and followed as it comes in."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from outrider.app.access.host_turns import host_turns
from outrider.model import TelemetryUnavailable, UsageError
from outrider.telemetry_store import (
    NOTABLE_FILE,
    EngineOptions,
    QueryLimits,
    TelemetryRetention,
    TelemetryStore,
    read_notable,
)
from outrider.workspace import TelemetrySettings, available_secrets, switched_off

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping
    from pathlib import Path

    from outrider.model import LogRecord, NotablePattern, Span, TelemetryReader
    from outrider.workspace import Workspace

ENGINE_FOLDER = "telemetry/engine"
_LATE_NS = 10 * 10**9
_LONG_NS = 60 * 10**9
_FOLLOWED = 1000

T = TypeVar("T")


def open_telemetry(workspace: Workspace) -> TelemetryStore:
    """Open the telemetry of a workspace: the engine that its service runs, one of its own, or a server.

    Raises:
        UsageError: telemetry-off, switched-off, missing-secret.
        TelemetryError: If it cannot be opened; missing-extra if it is not installed.
    """
    return _opened(workspace, TelemetryStore.open_embedded)


def reach_telemetry(workspace: Workspace) -> TelemetryStore:
    """Open the telemetry of a workspace where its engine or a server runs.

    Raises:
        UsageError: telemetry-off, switched-off, missing-secret.
        TelemetryError: If it cannot be opened; missing-extra if it is not installed.
    """
    return _opened(workspace, TelemetryStore.open_running)


def _opened(workspace: Workspace, open_engine: Callable[..., TelemetryStore]) -> TelemetryStore:
    settings = telemetry_settings(workspace)
    if settings.clickhouse:
        return _server(workspace, settings)
    return open_engine(engine_options(workspace, settings), limits=local_limits(workspace, settings))


def telemetry_settings(workspace: Workspace) -> TelemetrySettings:
    """Return what a workspace says of its telemetry.

    Raises:
        UsageError: telemetry-off, switched-off.
    """
    if workspace.telemetry is None:
        fix = "add a section [telemetry] to outrider.toml, and send telemetry: docs/telemetry.md"
        raise UsageError("this workspace takes no telemetry", slug="telemetry-off", fix=fix)
    if not workspace.capabilities.telemetry:
        raise switched_off("telemetry", "telemetry")
    return workspace.telemetry


def _server(workspace: Workspace, settings: TelemetrySettings) -> TelemetryStore:
    password = _password(workspace, settings)
    return TelemetryStore.open_server(settings.clickhouse, password=password, limits=_limits(settings))


def local_limits(workspace: Workspace, settings: TelemetrySettings) -> QueryLimits:
    """Return limits that leave the processors of this host to what is measured on it."""
    turns = host_turns(workspace)
    return replace(_limits(settings), is_measuring=lambda: any(turn.began_us is not None for turn in turns.queue()))


def _limits(settings: TelemetrySettings) -> QueryLimits:
    return QueryLimits(memory_bytes=settings.memory_bytes // 2)


def engine_options(workspace: Workspace, settings: TelemetrySettings) -> EngineOptions:
    """Return how the embedded engine of a workspace runs."""
    folder: Path = workspace.state / ENGINE_FOLDER
    return EngineOptions(folder, memory_bytes=settings.memory_bytes, readers=settings.readers)


def telemetry_retention(settings: TelemetrySettings) -> TelemetryRetention:
    """Return how long the telemetry of a workspace is kept, and how much of it."""
    return TelemetryRetention(
        logs_s=settings.logs_s,
        spans_s=settings.spans_s,
        metrics_s=settings.metrics_s,
        rollups_s=settings.rollups_s,
        sessions_s=settings.sessions_s,
        most_bytes=settings.most_bytes,
    )


def notable_patterns(workspace: Workspace) -> tuple[NotablePattern, ...]:
    """Return the patterns of log records that are new or explode, or did within a day; the latest first."""
    return read_notable(workspace.state / NOTABLE_FILE)


def reach_when_back(
    workspace: Workspace, telemetry: TelemetryStore, tell: Callable[[str], None]
) -> Callable[[TelemetryUnavailable], None]:
    """Return what waits for an engine that is started anew, and tells once that it does; others' errors are raised."""
    notices: list[str] = []

    def on_away(error: TelemetryUnavailable) -> None:
        if error.slug != "telemetry-unreachable":
            raise error
        if not notices:
            notices.append(f"{error.what}; waiting for it")
            tell(notices[0])
        telemetry.reach_again(workspace.state / ENGINE_FOLDER)

    return on_away


def _raise(error: TelemetryUnavailable) -> None:
    raise error


def follow_logs(
    reader: TelemetryReader,
    query: str,
    wait: Callable[[], None],
    clock: Callable[[], int] = time.time_ns,
    on_away: Callable[[TelemetryUnavailable], None] = _raise,
) -> Iterator[LogRecord]:
    """Yield what matches as it comes in, without end; what comes up to ten seconds late is not missed.

    Args:
        reader: Of the telemetry.
        query: What matches.
        wait: Called before each look but the first.
        clock: Nanoseconds since 1970.
        on_away: Takes the error of a look, and raises it or lets following go on where it was.
    """
    started_ns = clock()

    def newest(looked_ns: int) -> Mapping[Hashable, LogRecord]:
        after_ns = max(started_ns, looked_ns - _LATE_NS) - 1
        return {_key(record): record for record in reader.search_logs(query, limit=_FOLLOWED, after_ns=after_ns).rows}

    return _followed(newest, wait, clock, on_away)


def follow_spans(
    reader: TelemetryReader,
    query: str,
    wait: Callable[[], None],
    clock: Callable[[], int] = time.time_ns,
    on_away: Callable[[TelemetryUnavailable], None] = _raise,
) -> Iterator[Span]:
    """Yield spans that match and began since the call as they come in, without end.

    A span comes in once it has ended: one that began more than a minute ago is missed. Arguments as of `follow_logs`.
    """
    started_ns = clock()

    def newest(looked_ns: int) -> Mapping[Hashable, Span]:
        after_ns = max(started_ns, looked_ns - _LONG_NS) - 1
        spans = reader.search_spans(query, limit=_FOLLOWED, after_ns=after_ns).rows
        return {(span.trace_id, span.span_id): span for span in spans}

    return _followed(newest, wait, clock, on_away)


def _followed(
    newest: Callable[[int], Mapping[Hashable, T]],
    wait: Callable[[], None],
    clock: Callable[[], int],
    on_away: Callable[[TelemetryUnavailable], None],
) -> Iterator[T]:
    """Yield what is new each time; what is asked for, since the last look, is by what tells it apart, newest first."""
    seen: frozenset[Hashable] = frozenset()
    looked_ns = clock()
    while True:
        now_ns = clock()
        try:
            latest = newest(looked_ns)
        except TelemetryUnavailable as error:
            on_away(error)
        else:
            looked_ns = now_ns
            yield from (latest[key] for key in reversed(latest) if key not in seen)
            seen = frozenset(latest)
        wait()


def _key(record: LogRecord) -> Hashable:
    return record.time_ns, record.service, record.body, record.trace_id, record.span_id


def _password(workspace: Workspace, settings: TelemetrySettings) -> str:
    name = settings.clickhouse_password
    return available_secrets(workspace, os.environ)[name].reveal() if name else ""
