"""Ports: runs that are measured in other places. `LocationLog` keeps them, `WorkerLink` is what a worker sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outrider.model.errors import UsageError
    from outrider.model.identity import RunId
    from outrider.model.location_order import (
        Assignment,
        DeliveredResult,
        HeldRun,
        LeasedEntry,
        LocationWorker,
        ReportAnswer,
        SilentOrder,
        Verdict,
        WorkerReport,
    )
    from outrider.model.queue_entry import QueueEntry


class LocationLog(Protocol):
    """Locations, their workers, who has which order, and results that are not stored yet.

    An order is an entry of the queue whose location is one of these. It is one worker's at a time: each lease has a
    number, one higher than the one before, and a result counts only with the number of the latest. The leader stores
    results as runs; order and result leave in that transaction.
    """

    def add(self, location: str, at_us: int) -> bool:
        """Have the runs of a location measured by workers from now on; return false if they are already."""
        ...

    def remove(self, location: str) -> bool:
        """Have the runs of a location measured by the service itself again; return false if they were."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the locations, by name."""
        ...

    def report(self, location: str, report: WorkerReport, at_us: int) -> str:
        """Keep what a worker says, and extend the leases that it names.

        Returns:
            The instance that has its name and is alive, if that is another one, and nothing was changed; else empty.
        """
        ...

    def leased(self, worker: str, held: Sequence[HeldRun]) -> frozenset[RunId]:
        """Return those of some runs that a worker has by the latest lease."""
        ...

    def waiting(self, location: str, at_us: int) -> tuple[QueueEntry, ...]:
        """Return the orders that no worker has, the most important first, then the oldest."""
        ...

    def waiting_places(self, at_us: int) -> frozenset[str]:
        """Return the locations that have orders which no worker has."""
        ...

    def lease(self, location: str, worker: str, runs: Sequence[RunId], at_us: int) -> tuple[LeasedEntry, ...]:
        """Give orders to a worker; those that another one has got meanwhile are left out."""
        ...

    def published(self, location: str, at_us: int) -> tuple[QueueEntry, ...]:
        """Return the orders that wait in the broker."""
        ...

    def deliver(self, results: Sequence[DeliveredResult]) -> tuple[Verdict, ...]:
        """Keep results, durably, and return a verdict on each.

        One is taken if it is of the latest lease; the same again counts as taken until it is stored.
        """
        ...

    def ordered(self, location: str, runs: Sequence[RunId]) -> tuple[QueueEntry, ...]:
        """Return those of some orders of a location that are not stored yet."""
        ...

    def delivered(self, limit: int = 500, most_bytes: int = ...) -> tuple[DeliveredResult, ...]:
        """Return results that are not stored yet, the oldest first, so many at most.

        They have at most so many bytes together, but for the oldest one, which is returned whatever it has.
        """
        ...

    def close(self, runs: Sequence[RunId], at_us: int) -> tuple[tuple[SilentOrder, ...], tuple[SilentOrder, ...]]:
        """End those of some orders, past their validity, that no result will come of.

        Returns:
            Those that are over: no worker had them, or it has been silent for too long; a result of them comes too late
            from now on. And those whose worker is silent, and whose result is still awaited.
        """
        ...

    def uploaded(self, upload: str) -> int:
        """Return how many bytes of an upload have come, by whatever name it has."""
        ...

    def add_part(self, upload: str, begins: int, body: bytes, at_us: int) -> int:
        """Keep the next bytes of an upload, if they begin where it ends; return how many have come.

        Uploads that nothing came of for a day are removed.
        """
        ...

    def upload_content(self, upload: str) -> Iterator[bytes]:
        """Yield what has come of an upload, part by part."""
        ...

    def end_upload(self, upload: str) -> None:
        """Remove the parts of an upload."""
        ...

    def workers(self) -> tuple[LocationWorker, ...]:
        """Return all workers that were heard of, by location and name."""
        ...


class WorkerLink(Protocol):
    """What a worker asks of its server, whatever carries the messages; the contract of all transports.

    Orders are delivered at least once: one that is lost on its way is given out again when its lease ends. Everything
    that a worker sends may be sent again. Its location is that of its credentials.

    Every method raises ServerError where the server cannot be reached, and UsageError where it refuses.
    """

    def report(self, report: WorkerReport) -> ReportAnswer:
        """Say that the worker lives, and what it has.

        Raises:
            UsageError: worker-version, worker-name-taken, invalid-token.
        """
        ...

    def take(self, report: WorkerReport, wait_s: float) -> Assignment | None:
        """Return orders, which are the worker's from now on; waits for some, at most so long.

        Raises:
            OutriderError: forged-message if they do not come from the server.
        """
        ...

    def finish(self) -> None:
        """Take no more orders: what comes from now on is for other workers."""
        ...

    def fetch(self, snapshot: str, target: Path) -> None:
        """Write the files of a snapshot into a file, as an archive that is still to be verified.

        Raises:
            UsageError: unknown-snapshot.
        """
        ...

    def upload(self, digest: str, content: bytes) -> None:
        """See that the server has the file with this SHA-256, from where an earlier try broke off."""
        ...

    def deliver(self, results: Sequence[tuple[HeldRun, bytes]]) -> tuple[Verdict | UsageError, ...]:
        """Hand over documents of finished runs, and return a verdict on each, or why it is refused.

        That is bad-message or bad-result if it cannot be read, or its artifacts are not there.
        """
        ...
