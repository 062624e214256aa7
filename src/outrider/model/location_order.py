"""Locations: places whose runs are measured by workers there, and what workers and server tell each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model.check import Policy
    from outrider.model.identity import RunId
    from outrider.model.load_share import FailedShare, LoadShare
    from outrider.model.queue_entry import QueueEntry
    from outrider.model.subject import CheckId

LEASE_US: Final = 20_000_000
"""For how long an order is a worker's after each report of it."""

ALIVE_US: Final = 20_000_000
"""A worker that has not reported for longer counts as dead."""

REMEMBERED_US: Final = 7 * 86_400 * 1_000_000
"""For how long a worker is known that does not report."""

AWAITED_US: Final = 600_000_000
"""For how long the result of an order is awaited whose worker fell silent."""

BROKER: Final = "broker"
"""Whose an order is that waits in a broker: the first worker of its location that names it has it from then on."""

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token asks: what a worker may see and send is of this location alone."""

    location: str
    token_digest: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that a worker has under way, or whose result it has not delivered yet."""

    run: RunId
    lease: int


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker says of itself.

    Attributes:
        name: Differs among the live workers of a location.
        instance: Random, and the same after a restart: tells two workers of one name apart.
        version: Of Outrider.
        probes: How many more probes it can begin now.
        turns: How many more journeys and loads it can begin now.
        held: All that it has under way or keeps; their leases are extended.
        returned: Orders that it gives back, not begun or not finished.
        clock_offset_us: What is to be added to its clock to get the server's.
        failed_shares: Shares of loads that it cannot make.
        is_fresh: It has just started: what it held before and does not name was lost.
    """

    name: str
    instance: str
    version: str
    probes: int = 0
    turns: int = 0
    held: tuple[HeldRun, ...] = ()
    returned: tuple[HeldRun, ...] = ()
    clock_offset_us: int = 0
    is_fresh: bool = False
    failed_shares: tuple[FailedShare, ...] = ()


@dataclass(frozen=True, slots=True)
class LocationOrder:
    """A run that a worker is to make; times in microseconds UTC of the server's clock."""

    run: RunId
    check: CheckId
    environment: str
    due_us: int
    valid_until_us: int
    lease: int
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """Orders, and what is needed to carry them out.

    Attributes:
        snapshot: Digest of the files of the workspace.
        secrets: Values of the declared secrets, by name.
        settings: What holds in the place of values of `outrider.toml`, as JSON, by name.
        shares: Of loads that are led elsewhere.
    """

    snapshot: str
    orders: tuple[LocationOrder, ...]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    shares: tuple[LoadShare, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """What the server says to a report.

    Attributes:
        now_us: Its clock.
        location: That the token is for.
    """

    now_us: int
    location: str


class Verdict(StrEnum):
    """What became of a delivered result: only one that was taken is judged, once."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"  # of an older lease, or of a run that is stored
    UNKNOWN = "unknown"  # nobody ordered the run


@dataclass(frozen=True, slots=True)
class LeasedEntry:
    """An order that a worker was given."""

    entry: QueueEntry
    lease: int


@dataclass(frozen=True, slots=True)
class DeliveredResult:
    """A result that is not stored as a run yet; `body` is its document."""

    run: RunId
    location: str
    worker: str
    lease: int
    received_us: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LocationWorker:
    """A worker as the server knows it.

    Attributes:
        seen_us: When it reported last, by the server's clock.
        held: How many runs it had then.
        duplicates: Results of it that were not taken: late ones, of an older lease, or unknown.
    """

    location: str
    name: str
    instance: str
    version: str
    seen_us: int
    clock_offset_us: int = 0
    held: int = 0
    duplicates: int = 0

    def is_alive(self, at_us: int) -> bool:
        """Return whether it reported lately."""
        return at_us - self.seen_us <= ALIVE_US


@dataclass(frozen=True, slots=True)
class SilentOrder:
    """An order past its validity that no live worker has; `worker` is who had it last, empty if nobody did."""

    run: RunId
    worker: str


def valid_until_us(policy: Policy, due_us: int) -> int:
    """Return until when a run that was due may begin elsewhere: for its period, and for twice its time-out at most."""
    seconds = 2 * policy.timeout_s if policy.cron else min(policy.every_s, 2 * policy.timeout_s)
    return due_us + round(seconds * _SECOND_US)
