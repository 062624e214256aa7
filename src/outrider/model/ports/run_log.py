"""Port: the log of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.excerpt import Excerpt
    from outrider.model.measurement import ArtifactKind, Step
    from outrider.model.outcome import Outcome
    from outrider.model.run import Run
    from outrider.model.stored_run import RunSummary, StoredRun, Tally
    from outrider.model.subject import CheckId


class RunLog(Protocol):
    """Finished runs, with all that belongs to them.

    Atomicity: a run is stored whole or not at all, and leaves the schedule's queue in the same transaction.
    Idempotence: a run whose id is stored already changes nothing.
    Ordering: runs may be stored in any order; they are read by the time they were due.
    """

    def record(self, run: Run) -> None:
        """Store a finished run with its attempts, steps, samples, errors and files, in one transaction.

        Texts are cut to the store's limits. `StoredRun.omitted` names what did not fit, and files that could not be
        read; they do not cost the run. Durations are kept to the microsecond. Of two samples of one series in one
        attempt the last is kept.

        Raises:
            ValueError: If the run's id is no UUID.
        """
        ...

    def record_many(self, runs: Sequence[Run]) -> None:
        """Store several finished runs in one transaction, all or none; see `record`."""
        ...

    def get(self, id_or_prefix: str) -> StoredRun:
        """Return one run whole, by its id or a beginning or an end of it that is unique.

        Raises:
            UsageError: unknown-run, or ambiguous-run with the candidates.
        """
        ...

    def search(
        self,
        pattern: str = "*",
        *,
        outcome: Outcome | None = None,
        since_us: int | None = None,
        until_us: int | None = None,
        environment: str | None = None,
        location: str | None = None,
        limit: int | None = 100,
    ) -> Excerpt[RunSummary]:
        """Return a line about each run, the latest due first.

        Args:
            pattern: A check's id or former id; `*` and `?` stand for any characters.
            outcome: Of this one only.
            since_us: Due then or later, microseconds UTC.
            until_us: Due before then.
            environment: Of this one only.
            location: Of this one only.
            limit: How many at most; None for all.
        """
        ...

    def latest(self) -> tuple[RunSummary, ...]:
        """Return the latest run of every check that has one, by check id."""
        ...

    def outcomes(self, wanted: Sequence[Run], limit: int) -> tuple[tuple[Outcome, ...], ...]:
        """Return for each run the outcomes of its check's latest runs in its place, the oldest first.

        They are those that were stored before it, and its own; none if it is not stored.
        """
        ...

    def last_good(
        self,
        check: CheckId,
        *,
        environment: str,
        location: str,
        until_us: int,
        kind: ArtifactKind | None = None,
    ) -> RunSummary | None:
        """Return a check's newest run in a place that passed at once; None if there is none.

        Args:
            check: Its id, or a former one.
            environment: Of this one only.
            location: Of this one only.
            until_us: Due before then, microseconds UTC.
            kind: Only a run that still has an artifact of this kind.
        """
        ...

    def has_passed(self, run: Run) -> bool:
        """Whether the check of `run` ever passed in the same place and from the same snapshot of the workspace.

        It is false where the run names no snapshot.
        """
        ...

    def tallies(self, since_us: int, until_us: int) -> tuple[Tally, ...]:
        """Return how many runs with since_us <= due_us < until_us ended how, by check and place.

        Of deleted runs, hours and then UTC days count whole, at the time at which they begin.
        """
        ...

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that runs were ever measured on, by name."""
        ...

    def passed_steps(self, check: CheckId, environment: str, location: str) -> tuple[Step, ...]:
        """Return the measured steps of a check's last passed run in a place; empty without such a run."""
        ...

    def known_steps(self, until_us: int) -> dict[tuple[CheckId, str, str], tuple[Step, ...]]:
        """Return the measured steps of the last run that passed at once before then, by check and place.

        Where retention has deleted those, they are all steps on the first level that the check ever had, without
        their times.
        """
        ...
