"""Port: commits of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.commit import Commit


class CommitLog(Protocol):
    """What releases consist of, by their names, whatever the environment."""

    def record(self, release: str, commits: Sequence[Commit], at_us: int) -> None:
        """Keep the commits of a release, in the place of those before."""
        ...

    def of(self, release: str) -> tuple[Commit, ...]:
        """Return the commits of a release, in the order in which they were recorded; none if they are not known."""
        ...
