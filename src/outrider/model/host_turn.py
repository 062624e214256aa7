"""Whose turn it is on a host, and who waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What wants a turn.

    Attributes:
        check: Its id.
        limit_s: How long it may take; None if nothing bounds it.
    """

    check: str = ""
    limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class HostTurn:
    """A claim of a running process; times in microseconds UTC.

    Attributes:
        workspace: The folder that it belongs to.
        began_us: When its turn began; None while it waits.
    """

    claim: Claim
    workspace: str
    pid: int
    claimed_us: int
    began_us: int | None = None
