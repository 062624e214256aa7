"""Ports: what is kept of checks beside their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model.check import Check
    from outrider.model.identity import RunId
    from outrider.model.job_call import Beat, Beats
    from outrider.model.stored_check import StoredCheck, StoredProof
    from outrider.model.subject import CheckId


class CheckRegistry(Protocol):
    """The checks that were ever seen. Every call is idempotent."""

    def record(self, checks: Iterable[Check], at_us: int) -> None:
        """Note which checks the workspace has at this time, and where each is defined; all or none."""
        ...

    def all(self) -> tuple[StoredCheck, ...]:
        """Return every check that was ever seen, by id."""
        ...

    def rename(self, old: CheckId, new: CheckId, at_us: int) -> None:
        """Make `old` an alias of `new`: what is kept of both is read under `new`, and `old` keeps working as a name.

        Doing it again changes nothing; renaming the other way reverts it.
        """
        ...


class ProofLog(Protocol):
    """What `outrider prove` reported."""

    def record(self, proofs: Iterable[StoredProof]) -> None:
        """Store proofs, all or none; the same check, time and fault twice changes nothing."""
        ...

    def latest(self, check: CheckId | None = None) -> tuple[StoredProof, ...]:
        """Return the proofs of a check, or of all, of the last time that each was proved; by check and fault."""
        ...


class HeartbeatLog(Protocol):
    """The calls that heartbeats wait for, and when anybody listened to them.

    Of each check the latest hundred starts, successes, failures and logs are kept: however many good calls follow, a
    failure stays until a run has seen it.
    """

    def record(self, check: CheckId, beat: Beat) -> None:
        """Keep a call; calls may arrive in any order. An end whose start is known gets its duration."""
        ...

    def get(self, check: CheckId) -> Beats:
        """Return what is known of the calls for a check."""
        ...

    def look(self, check: CheckId, run: RunId) -> Beats:
        """Return the same for a run, and note that it has seen the ends that no stored run had seen.

        Doing it again for the same run returns them again. A run that is never stored has seen nothing.
        """
        ...

    def listened(self, at_us: int, tolerated_us: int) -> None:
        """Note that calls are answered now, and were since the note before unless that is older than tolerated."""
        ...
