"""Shares of a load: what a worker of a location is to make of a load that is led elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.subject import CheckId


@dataclass(frozen=True, slots=True)
class LoadShare:
    """A Locust worker that is wanted in a location.

    Attributes:
        id: Random.
        master_host, master_port: Where it finds Locust's master.
        config: Of every process of the load, as a line of its protocol.
        until_us: When the load is over at the latest, microseconds UTC of the server's clock.
    """

    id: str
    location: str
    check: CheckId
    master_host: str
    master_port: int
    until_us: int
    config: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FailedShare:
    """A share that a worker could not make, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class ShareState:
    """What became of a share: whether a worker took it, and why that one could not make it; empty if it could."""

    location: str
    is_taken: bool
    why: str = ""
