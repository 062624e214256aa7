"""Everything that runs one state of the workspace; a changed workspace gets new works, and the old ones finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import Check, Circumstances, ConfigError, Kind
    from outrider.scheduler.executors import Executor
    from outrider.workspace import Workspace


class Works(Protocol):
    """What runs a workspace's checks.

    Attributes:
        workspace: Its settings.
        checks: All of them.
        problems: What is wrong with them, if anything.
        executors: Who makes runs of each kind.
        circumstances: Of runs that are recorded and were not made.
    """

    workspace: Workspace
    checks: Sequence[Check]
    problems: Sequence[ConfigError]
    executors: Mapping[Kind, Executor]
    circumstances: Circumstances

    def close(self, within_s: float) -> None:
        """Wait for the runs under way, at most so long, and leave nothing behind."""
        ...


class Maker(Protocol):
    """Makes works."""

    def changed(self) -> bool:
        """Return whether the workspace differs from what the last works were made of."""
        ...

    def make(self) -> Works:
        """Make works of the workspace as it is now.

        Raises:
            OutriderError: If it cannot be run as it is.
        """
        ...
