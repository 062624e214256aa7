"""The runtime of one state of the workspace, as the scheduler uses it; a changed workspace gets a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import Check, CheckId, Circumstances, Kind
    from outrider.scheduler.executor import Executor, Work
    from outrider.workspace import Workspace


class ScheduledRuntime(Protocol):
    """One loaded workspace, ready to execute."""

    @property
    def workspace(self) -> Workspace:
        """Its settings."""
        ...

    @property
    def checks(self) -> Sequence[Check]:
        """All of them."""
        ...

    @property
    def stays_here(self) -> frozenset[CheckId]:
        """Checks that this host runs whatever their location: heartbeats, whose calls come here."""
        ...

    @property
    def executors(self) -> Mapping[Kind, Executor]:
        """What executes runs of each kind."""
        ...

    @property
    def circumstances(self) -> Circumstances:
        """Of runs that are recorded and not executed."""
        ...

    def activate(self) -> None:
        """Take note that runs are executed by this runtime from now on; called in the service's tick: must not wait."""
        ...

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for the runs under way, at most so long, and return what is not finished then; leaves nothing behind."""
        ...


class RuntimeFactory(Protocol):
    """Makes runtimes; used by one thread at a time."""

    def changed(self) -> bool:
        """Return whether the workspace differs from what the last runtime was made of, or was refused."""
        ...

    def make(self) -> ScheduledRuntime:
        """Make a runtime of the workspace as it is now; takes as long as it takes.

        Raises:
            ConfigError: If the workspace is wrong.
            OutriderError: If it cannot be run for another reason.
        """
        ...
