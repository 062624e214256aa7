"""Port: what many checks did, for pages that show them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.model.check_period import PeriodCount, PeriodDuration
    from outrider.model.excerpt import Excerpt
    from outrider.model.identity import RunId
    from outrider.model.outcome import Outcome
    from outrider.model.run_facts import RunFacts
    from outrider.model.stored_changes import StoredChanges
    from outrider.model.stored_run import RunSummary
    from outrider.model.subject import CheckId


class RunPosition(NamedTuple):
    """A place in the order of runs: when a run was due, and its id."""

    due_us: int
    id: RunId


class ChangeBell(Protocol):
    """Rings in every process when something was stored that pages may show; for one thread at a time."""

    def wait(self, within_s: float) -> bool:
        """Wait so long at most; return whether something may have been stored since the last time it said so."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class CheckHistory(Protocol):
    """Last runs, and runs and durations by hour and day.

    Each call is one query or few, bounded by the checks and the time that are asked for. What is kept of a check under
    former ids is read under its present one.
    """

    def last_runs(self, checks: Collection[CheckId], until_us: int, *, depth: int) -> tuple[RunSummary, ...]:
        """Return the latest run of each check in each place, among its last `depth` runs due before a time."""
        ...

    def outcomes_by_hour(self, checks: Collection[CheckId], since_us: int, until_us: int) -> tuple[PeriodCount, ...]:
        """Return how runs with since_us <= due_us < until_us ended, by the hour in which they were due."""
        ...

    def outcomes_by_day(self, checks: Collection[CheckId], since_us: int, until_us: int) -> tuple[PeriodCount, ...]:
        """Return the same by UTC day; the first day counts whole."""
        ...

    def durations_by_hour(
        self, checks: Collection[CheckId], since_us: int, until_us: int
    ) -> tuple[PeriodDuration, ...]:
        """Return the p95 of each hour, within 1 %, of each check and place, in the order of time."""
        ...

    def runs_before(
        self, check: CheckId | None, before: RunPosition | None, *, outcome: Outcome | None = None, limit: int
    ) -> Excerpt[RunSummary]:
        """Return runs of a check, or of all, before a position, or all without one, the latest due first."""
        ...

    def facts_of(
        self, check: CheckId, place: tuple[str, str], since_us: int, until_us: int, *, limit: int = 2_000
    ) -> Excerpt[RunFacts]:
        """Return what runs with since_us <= due_us < until_us were measured with, the latest new first.

        Args:
            check: Whose runs.
            place: Their environment and location.
            since_us: Microseconds UTC; and `until_us`.
            limit: So many at most.
        """
        ...

    def runs_named(self, text: str, *, limit: int) -> tuple[RunSummary, ...]:
        """Return runs whose id begins with a text, or failing that ends with it, the last stored first.

        Ends are compared with those of the last 100,000 stored runs only. A text that is no part of an id names none.
        """
        ...

    def bell(self) -> ChangeBell | None:
        """Return what rings when something was stored by whichever process; None where nothing tells that."""
        ...

    def changes_since(self, mark: str) -> StoredChanges:
        """Return what changed since an earlier call gave a mark, in a few short queries; with "" only a mark."""
        ...
