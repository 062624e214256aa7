"""The queries of PromQL that a workspace asks sources, each tried once: what only their server can say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from outrider.alerts import rules_of
from outrider.app.lookup.source_access import workspace_sources
from outrider.dashboard import DashboardShelf
from outrider.model import SourceError
from outrider.workspace import fill_promql, series_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrider.workspace import Workspace

_HOUR_S: Final = 3600


def refused_queries(workspace: Workspace, names: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with each query that its source refuses: of rules, panels and resources.

    Args:
        workspace: Whose.
        names: Of the sources that answer; others are not asked.

    Raises:
        ConfigErrors: If a rule is wrong.
        ConfigError: If the file of rules cannot be read.
    """
    sources, now_s = workspace_sources(workspace), float(int(time.time()))
    for where, source, query in _queries(workspace):
        if source in names:
            try:
                sources.series(query, now_s, now_s, 60, source=source)
            except SourceError as error:
                yield f"{where}: {error.what}"


def _queries(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    """Yield where each query stands, its source, and the query with the values that are chosen first."""
    for rule in rules_of(workspace):
        if rule.kind is None:
            yield f"rule {rule.name}", rule.source, rule.query
    for own in workspace.sources:
        for name, query in own.resources:
            written = query.replace("$every", "60s").replace("$selector", own.selector)
            yield f"resource {name}", own.name, written
    for file in DashboardShelf(workspace.root, series_sources(workspace.sources)).all():
        chosen = {variable.name: variable.default for variable in file.variables}
        for panel in file.panels if not file.problems else ():
            if panel.promql:
                query = fill_promql(panel.promql, chosen, panel.every_s or _HOUR_S)
                yield f"panel {panel.title} of {file.name}", panel.source, query
