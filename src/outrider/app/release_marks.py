"""Releases: marked, listed, and the periods between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.workspace_access import now_us
from outrider.model import Release

if TYPE_CHECKING:
    from outrider.model import JudgeMemory
    from outrider.workspace import Workspace


def mark_release(
    workspace: Workspace,
    releases: JudgeMemory,
    name: str,
    *,
    at_us: int | None = None,
    environment: str | None = None,
    accept: bool = False,
) -> None:
    """Mark a deploy, so that changes can be explained by it.

    Args:
        workspace: Whose default environment holds if none is given.
        releases: Where releases are kept.
        name: Of the release.
        at_us: When it went live, microseconds UTC; now if absent.
        environment: Where.
        accept: Learn the level since then as the new baseline.
    """
    place = environment or workspace.defaults.environment
    releases.record_release(Release(name, place, now_us() if at_us is None else at_us, accept))


def list_releases(releases: JudgeMemory, environment: str | None = None) -> tuple[Release, ...]:
    """Return the marked releases of an environment, or of all."""
    return tuple(releases.releases(environment))
