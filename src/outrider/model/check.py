"""What is run: a configured check and the policy that it runs under."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model.subject import CheckId


class Kind(StrEnum):
    """The kinds of check."""

    JOURNEY = "journey"
    PROBE = "probe"
    LOAD = "load"


class Overlap(StrEnum):
    """What happens to a run that is due while the one before it is still under way."""

    SKIP = "skip"
    QUEUE = "queue"
    KILL = "kill"


class CatchUp(StrEnum):
    """What happens to runs that were due while nothing could run: all are missed, or the last one is made late."""

    NONE = "none"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a check runs: the defaults, overridden by pattern, overridden by the check's own file.

    Attributes:
        every_s: Interval; counts where there is no `cron`.
        every_failing_s: Interval while its last run was not good; None for no difference.
        cron: Five fields, in the workspace's time zone.
        jitter_s: Each run is later than its time by a part of this.
        priority: Higher ones begin first.
        title: What messages and reports call it; empty for a name made of the check's own.
        labels: The user's own, which alerts carry and routes match.
        down_in: In how many of its locations it has to fail to be down; None for more than half.
        decides: Patterns of the steps that decide a gate, the others inform; without any, all decide.
    """

    every_s: float = 300.0
    timeout_s: float = 60.0
    retries: int = 1
    evidence: bool = True
    locations: tuple[str, ...] = ("local",)
    environment: str = "production"
    tags: frozenset[str] = field(default_factory=frozenset)
    enabled: bool = True
    session: str | None = None
    every_failing_s: float | None = None
    cron: str | None = None
    jitter_s: float = 0.0
    overlap: Overlap = Overlap.SKIP
    catch_up: CatchUp = CatchUp.NONE
    priority: int = 0
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    decides: tuple[str, ...] = ()
    down_in: int | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a second attempt may be made at all; a checkout may not be repeatable."""
        return self.retries > 0


@dataclass(frozen=True, slots=True)
class Check:
    """A configured thing that runs.

    Attributes:
        id: Kind, path and test name (or an explicit id); stable over renames by the alias table.
        path: File below the workspace, with forward slashes.
        target: What the room that runs it needs to find it there: a pytest node id, a probe's name.
        line: Where it stands in `path`, from one; zero if unknown.
        marks: Words that the script itself put on it (pytest markers).
    """

    id: CheckId
    kind: Kind
    path: str
    name: str
    target: str
    policy: Policy = field(default_factory=Policy)
    line: int = 0
    marks: frozenset[str] = field(default_factory=frozenset)

    @property
    def title(self) -> str:
        """What people call it: as configured, or made of its id."""
        return self.policy.title or title_of(self.id)


def title_of(check: str) -> str:
    """Return a title made of a check's id: "buy a book" of "journey:journeys/test_shop.py::test_buy_a_book"."""
    kind, _, place = check.partition(":")
    name = place.rpartition("::")[2] or place or check
    if kind != Kind.JOURNEY or "::" not in place:
        return name
    return name.removeprefix("test_").replace("_", " ") or name
