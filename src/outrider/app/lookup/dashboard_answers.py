"""Dashboards that a workspace writes, as the command line shows them: without a service."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Self

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.lookup.source_access import series_reader
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.dashboard import DashboardShelf, ServicesSpan, Sources, dashboard_view
from outrider.model import ConfigErrors, ServiceView, UsageError
from outrider.workspace import nearest, series_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.dashboard import DashboardFile, DashboardView
    from outrider.model import Check, TelemetryReader
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

_NO_SERVICE = ServiceView(False, True, (), {}, 0.0, 0, 0, 0)
_LONGEST_S = 60.0


def read_dashboards(
    workspace: Workspace, names: Sequence[str] = (), checks: Sequence[Check] | None = None
) -> tuple[DashboardFile, ...]:
    """Return dashboards of a workspace with their problems, all without names.

    Args:
        workspace: Whose.
        names: Those of their files.
        checks: All that there are, so that patterns which match none are problems; None if that is not known.

    Raises:
        UsageError: unknown-dashboard.
    """
    shelf = _shelf(workspace)
    return tuple(shelf.read(name, checks) for name in names or shelf.names())


def answer_dashboard(
    workspace: Workspace, name: str, checks: Sequence[Check], *, since: str = "", chosen: Mapping[str, str]
) -> DashboardView:
    """Return what a dashboard shows now.

    Args:
        workspace: Whose dashboard it is.
        name: That of its file.
        checks: Of the workspace.
        since: The time that is shown, such as "6h"; that of the file if empty.
        chosen: Values of variables, by their names.

    Raises:
        UsageError: unknown-dashboard, unknown-name for a variable that it does not have.
        ConfigErrors: If its file is wrong.
    """
    file = _shelf(workspace).read(name)
    if file.problems:
        raise ConfigErrors(file.problems)
    known = [variable.name for variable in file.variables]
    for variable in chosen:
        if variable not in known:
            fix = nearest(variable, known) if known else "it has none"
            raise UsageError(f'{name} has no variable "{variable[:80]}"', slug="unknown-name", fix=fix)
    span = ServicesSpan.of(since or file.since, now_us())
    with open_store(workspace) as store, _SharedTelemetry(workspace) as telemetry:
        sources = Sources(
            store, lambda: checks, lambda: _NO_SERVICE, now_us, workspace.name, series=partial(series_reader, workspace)
        )
        return dashboard_view(sources, telemetry.ask, file, span, chosen, deadline_s=_LONGEST_S)


def _shelf(workspace: Workspace) -> DashboardShelf:
    return DashboardShelf(workspace.root, series_sources(workspace.sources))


class _SharedTelemetry:
    """Opens the telemetry once for all panels that need it, whichever comes first; none if none does."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._store: TelemetryStore | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.close()

    @contextmanager
    def ask(self) -> Iterator[TelemetryReader]:
        """Hand out the telemetry.

        Raises:
            OutriderError: If it is off or cannot be opened.
        """
        with self._lock:
            if self._store is None:
                self._store = open_telemetry(self._workspace)
        yield self._store
