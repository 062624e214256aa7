"""What came into a store since somebody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from outrider.model.subject import CheckId


class StoredChanges(NamedTuple):
    """What pages would show differently.

    Attributes:
        mark: What to ask with next time.
        checks: Those that have a new run.
        are_all: Whether no other check has one.
        others: Whether something else changed: an incident, a release, a pause, a silence.
        loads: Checks whose load is under way, and has a new second.
    """

    mark: str
    checks: tuple[CheckId, ...] = ()
    are_all: bool = True
    others: bool = False
    loads: tuple[CheckId, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return self.are_all and not self.checks and not self.others and not self.loads
