"""Everything that runs one state of the workspace; a changed workspace gets new works, and the old ones finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import Check, Circumstances, Kind
    from outrider.scheduler.executors import Executor
    from outrider.workspace import Workspace


class ScheduledRuntime(Protocol):
    """What runs a workspace's checks."""

    @property
    def workspace(self) -> Workspace:
        """Its settings."""
        ...

    @property
    def checks(self) -> Sequence[Check]:
        """All of them."""
        ...

    @property
    def executors(self) -> Mapping[Kind, Executor]:
        """Who makes runs of each kind."""
        ...

    @property
    def circumstances(self) -> Circumstances:
        """Of runs that are recorded and were not made."""
        ...

    def close(self, within_s: float) -> None:
        """Wait for the runs under way, at most so long, and leave nothing behind."""
        ...


class RuntimeFactory(Protocol):
    """Makes works."""

    def changed(self) -> bool:
        """Return whether the workspace differs from what the last works were made of."""
        ...

    def make(self) -> ScheduledRuntime:
        """Make works of the workspace as it is now.

        Raises:
            OutriderError: If it cannot be run as it is.
        """
        ...
