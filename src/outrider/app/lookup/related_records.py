"""What shares a trace with something, for commands."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.lookup.joined_telemetry import open_joined
from outrider.app.lookup.source_access import errors_of_traces, workspace_sources
from outrider.dashboard import Related, RelatedKind, RelatedTelemetry, SpanKeeping, related
from outrider.model import TelemetryError

if TYPE_CHECKING:
    from outrider.workspace import Workspace

__all__ = ["RELATED_KINDS", "Related", "find_related"]

RELATED_KINDS: Final = tuple(kind.value for kind in RelatedKind)


def find_related(workspace: Workspace, kind: str, name: str) -> Related:
    """Return all that shares a trace with something, without telemetry where the workspace takes none.

    Raises:
        UsageError: unknown-trace, unknown-run, unknown-issue, unknown-visit, switched-off.
    """
    workspace.capabilities.require("related", "finding what belongs together")
    wanted = RelatedKind(kind)
    with open_store(workspace) as store:
        is_taken = workspace.telemetry is not None and workspace.capabilities.telemetry
        if not is_taken and not workspace_sources(workspace).states():
            return related(store, None, wanted, name, now_us())
        errors = partial(errors_of_traces, workspace, now_us=now_us())
        try:
            with open_joined(workspace) as telemetry:
                kept_s = workspace.telemetry.spans_s if workspace.telemetry is not None and is_taken else 0.0
                keeping = SpanKeeping(telemetry, kept_s, telemetry.sources.states())
                return related(store, RelatedTelemetry(keeping, telemetry, errors), wanted, name, now_us())
        except TelemetryError as error:
            return replace(related(store, None, wanted, name, now_us()), unknown=error.what, missing="")
