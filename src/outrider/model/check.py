"""What is run: a configured check and the policy that it runs under."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.identity import CheckId


class Kind(StrEnum):
    """The kinds of check."""

    JOURNEY = "journey"
    PROBE = "probe"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a check runs: the defaults, overridden by pattern, overridden by the check's own file."""

    every_s: float = 300.0
    timeout_s: float = 60.0
    retries: int = 1
    evidence: bool = True
    locations: tuple[str, ...] = ("local",)
    environment: str = "production"
    tags: frozenset[str] = field(default_factory=frozenset)
    enabled: bool = True
    session: str | None = None

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
