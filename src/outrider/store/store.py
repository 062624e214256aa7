"""The store: one database and one artifact folder, opened together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from outrider.store.artifacts import ArtifactFolder, open_folder
from outrider.store.beats import read_beats
from outrider.store.database import Database, open_database
from outrider.store.judging import read_checkpoints, read_releases, write_checkpoints, write_release
from outrider.store.reading import (
    read_checks,
    read_last_runs,
    read_outcomes,
    read_points,
    read_proofs,
    read_runs,
    read_series,
)
from outrider.store.recording import Recorder
from outrider.store.retention import prune
from outrider.store.tallies import read_hosts, read_tallies
from outrider.store.values import Retention
from outrider.store.whole_runs import read_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.model import Check, CheckId, Outcome, Run
    from outrider.store.values import (
        Beat,
        Beats,
        Checkpoint,
        Points,
        Pruned,
        Release,
        RunSummary,
        Series,
        StoredCheck,
        StoredProof,
        StoredRun,
        Tally,
    )

_DEFAULT_RETENTION = Retention()


class Store:
    """Runs, samples and artifacts, kept. Every method may be called from any thread and raises `StoreError`.

    After an error nothing of that call is stored, and the store may be used again.
    """

    def __init__(self, database: Database, folder: ArtifactFolder) -> None:
        self._database = database
        self._folder = folder
        self._recorder = Recorder(database, folder)

    @classmethod
    def open(
        cls,
        url_or_path: str | Path,
        *,
        artifacts: str | Path,
        busy_timeout_s: float = 30.0,
        max_bytes: int | None = None,
    ) -> Self:
        """Open a store, creating it or bringing it up to date where needed.

        Args:
            url_or_path: The database: a file, or a URL as SQLAlchemy writes it.
            artifacts: A folder, or a URL that fsspec understands.
            busy_timeout_s: How long to wait while another process writes.
            max_bytes: Size that the database file may grow to (SQLite only).

        Raises:
            StoreError: store-url, store-newer, store-foreign, store-damaged, store-read-only, store-locked, store-full
                or store-unreachable.
        """
        folder = open_folder(artifacts)
        return cls(open_database(url_or_path, busy_timeout_s=busy_timeout_s, max_bytes=max_bytes), folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def record(self, run: Run) -> None:
        """Store a finished run with all that belongs to it, in one transaction; the same run twice changes nothing.

        Texts are cut to the limits of `outrider.store.limits`, and what did not fit is named in `StoredRun.omitted`,
        as is a file that could not be taken: it does not cost the run. Durations are kept to the microsecond. Of two
        samples of one series in one attempt the last is kept.

        Raises:
            ValueError: If the run's id is no UUID.
        """
        self._recorder.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        """Store several finished runs in one transaction, all or none; see `record`."""
        self._recorder.record_many(runs)

    def record_checks(self, checks: Iterable[Check], at_us: int) -> None:
        """Note which checks the workspace has at this time, and where each stands."""
        self._recorder.record_checks(checks, at_us)

    def rename(self, old: CheckId, new: CheckId, at_us: int) -> None:
        """Make `old` an alias of `new`: what is kept of both is read under `new`, and `old` keeps working as a name.

        Doing it again changes nothing; renaming the other way takes it back.
        """
        self._recorder.rename(old, new, at_us)

    def record_proofs(self, proofs: Iterable[StoredProof]) -> None:
        """Store what `outrider prove` found; the same check, time and fault twice changes nothing."""
        self._recorder.record_proofs(proofs)

    def record_beat(self, check: CheckId, beat: Beat) -> None:
        """Keep a call that a heartbeat waits for; an earlier one than is known changes nothing."""
        self._recorder.record_beat(check, beat)

    def beats(self, check: CheckId) -> Beats:
        """Return since when a check is known, and the last call for it."""
        with self._database.reading() as connection:
            return read_beats(connection, check)

    def checks(self) -> tuple[StoredCheck, ...]:
        """Return every check that was ever seen, by id."""
        with self._database.reading() as connection:
            return read_checks(connection)

    def runs(
        self,
        pattern: str = "*",
        *,
        outcome: Outcome | None = None,
        since_us: int | None = None,
        environment: str | None = None,
        location: str | None = None,
        limit: int | None = 100,
    ) -> tuple[RunSummary, ...]:
        """Return a line about each run, the latest due first.

        Args:
            pattern: A check's id or former id; `*` and `?` stand for any characters.
            since_us: Due then or later, microseconds UTC.
            environment: Of this one only.
            location: Of this one only.
            limit: How many at most; None for all.
        """
        with self._database.reading() as connection:
            return read_runs(
                connection,
                pattern=pattern,
                outcome=outcome,
                since_us=since_us,
                environment=environment,
                location=location,
                limit=limit,
            )

    def outcomes(self, check: CheckId, *, environment: str, location: str, limit: int) -> tuple[Outcome, ...]:
        """Return the outcomes of a check's latest runs in one environment and location, the oldest first."""
        with self._database.reading() as connection:
            return read_outcomes(connection, check, environment=environment, location=location, limit=limit)

    def tallies(self, since_us: int, until_us: int) -> tuple[Tally, ...]:
        """Return how many runs with since_us <= due_us < until_us ended how, by check, place, release and hour."""
        with self._database.reading() as connection:
            return read_tallies(connection, since_us, until_us)

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that runs were ever measured on, by name."""
        with self._database.reading() as connection:
            return read_hosts(connection)

    def last_runs(self) -> tuple[RunSummary, ...]:
        """Return the latest run of every check that has one, by check id."""
        with self._database.reading() as connection:
            return read_last_runs(connection)

    def run(self, id_or_prefix: str) -> StoredRun:
        """Return one run whole, by its id or a beginning or an end of it that is unique.

        Raises:
            UsageError: unknown-run, or ambiguous-run with the candidates.
        """
        with self._database.reading() as connection:
            return read_run(connection, id_or_prefix, self._folder)

    def series(self, check: CheckId | None = None) -> tuple[Series, ...]:
        """Return the series of a check (by its id or a former one), or of all checks."""
        with self._database.reading() as connection:
            return read_series(connection, check)

    def samples(
        self,
        series: Series,
        since_us: int | None = None,
        until_us: int | None = None,
        *,
        judged_only: bool = True,
    ) -> Points:
        """Return the points of a series with since_us <= at_us < until_us, ordered by time.

        Args:
            judged_only: Leave out what no judge may see: retries, failed attempts and evidence attempts.
        """
        with self._database.reading() as connection:
            return read_points(connection, series, since_us=since_us, until_us=until_us, judged_only=judged_only)

    def proofs(self, check: CheckId | None = None) -> tuple[StoredProof, ...]:
        """Return what `outrider prove` found about a check, or about all, the last time that each was proved."""
        with self._database.reading() as connection:
            return read_proofs(connection, check)

    def record_release(self, release: Release) -> None:
        """Note a deploy; the same name, time and environment again changes only whether it is accepted."""
        self._recorder.write(lambda connection: write_release(connection, release))

    def releases(self, environment: str | None = None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, in the order of time."""
        with self._database.reading() as connection:
            return read_releases(connection, environment)

    def record_checkpoints(self, found: Sequence[Checkpoint]) -> None:
        """Keep what the judge knows of series, all or none, in place of what it knew before."""
        self._recorder.write(lambda connection: write_checkpoints(connection, found))

    def checkpoints(self, wanted: Sequence[Series]) -> tuple[Checkpoint, ...]:
        """Return what the judge knows of those series that it has judged."""
        with self._database.reading() as connection:
            return read_checkpoints(connection, wanted)

    def prune(self, now_us: int, policy: Retention = _DEFAULT_RETENTION) -> Pruned:
        """Remove what is past its age, in transactions so short that no writer waits long; return how much that was.

        It pauses between them and may take long; it may be stopped at any moment, and run in several processes.
        """
        return prune(self._database, self._folder, now_us, policy)
