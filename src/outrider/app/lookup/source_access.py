"""The sources of a workspace, shared by all of a process that asks them, so that one that is away is known to be."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from outrider.model import OutriderError, SourceKind
from outrider.sources import OutsideSources, SourceAccess
from outrider.workspace import available_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import LabelledSeriesReader, OutsideError
    from outrider.workspace import Secrets, SourceSettings, Workspace

_OF_TRACES = frozenset({SourceKind.JAEGER, SourceKind.TEMPO})
_OF_JOINS = _OF_TRACES | {SourceKind.LOKI, SourceKind.ELASTICSEARCH, SourceKind.SENTRY}
_SCHEMES = {SourceKind.ELASTICSEARCH: "ApiKey"}
"""Of tokens; that of others is Bearer."""


_MINUTE_US = 60_000_000
_MONTH_US = 30 * 1440 * _MINUTE_US


def has_trace_sources(workspace: Workspace) -> bool:
    """Return whether a source of a workspace keeps traces, and may be asked."""
    return workspace.capabilities.sources and any(own.kind in _OF_TRACES for own in workspace.sources)


def has_joined_sources(workspace: Workspace) -> bool:
    """Return whether a source of a workspace knows something by the ids of traces, and may be asked."""
    return workspace.capabilities.sources and any(own.kind in _OF_JOINS for own in workspace.sources)


def errors_of_traces(workspace: Workspace, trace_ids: Sequence[str], *, now_us: int) -> tuple[OutsideError, ...]:
    """Return the errors of the last month that sources keep of traces, the newest first."""
    return workspace_sources(workspace).errors(trace_ids, now_us - _MONTH_US, now_us + _MINUTE_US)


def errors_of_time(workspace: Workspace, since_us: int, until_us: int) -> tuple[OutsideError, ...]:
    """Return the newest hundred errors of a time that sources keep."""
    return workspace_sources(workspace).errors((), since_us, until_us, limit=100)


def series_reader(workspace: Workspace) -> LabelledSeriesReader:
    """Return what answers PromQL.

    Raises:
        UsageError: switched-off.
    """
    workspace.capabilities.require("sources", "asking sources")
    return workspace_sources(workspace)


def workspace_sources(workspace: Workspace) -> OutsideSources:
    """Return the sources of a workspace; none where it names none, or they are switched off."""
    settings = workspace.sources if workspace.capabilities.sources else ()
    if not settings:
        return _shared(())
    secrets = available_secrets(workspace, os.environ)
    return _shared(tuple(_access(own, secrets) for own in settings))


def _access(settings: SourceSettings, secrets: Secrets) -> SourceAccess:
    try:
        headers = {name: secrets[secret].reveal() for name, secret in settings.headers}
        if settings.token:
            headers["Authorization"] = f"{_SCHEMES.get(settings.kind, 'Bearer')} {secrets[settings.token].reveal()}"
    except OutriderError as error:
        return SourceAccess(settings, problem=error.what, fix=error.fix)
    return SourceAccess(settings, tuple(headers.items()))


@lru_cache(maxsize=8)
def _shared(accesses: tuple[SourceAccess, ...]) -> OutsideSources:
    return OutsideSources(accesses)
