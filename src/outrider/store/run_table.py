"""The log of runs, in a database and an artifact folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Excerpt, RunLog
from outrider.store.known_steps import read_known_steps
from outrider.store.run_rows import read_has_passed, read_last_good, read_last_runs, read_outcomes, read_runs
from outrider.store.tallies import read_hosts, read_tallies
from outrider.store.whole_runs import read_passed_steps, read_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import ArtifactKind, ArtifactStore, CheckId, Outcome, Run, RunSummary, Step, StoredRun, Tally
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class RunTable(RunLog):
    """Runs in a database, their files in an artifact folder."""

    def __init__(self, database: Database, writer: Writer, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer
        self._folder = folder

    def record(self, run: Run) -> None:
        self._writer.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        self._writer.record_many(runs)

    def get(self, id_or_prefix: str) -> StoredRun:
        with self._database.reading() as connection:
            return read_run(connection, id_or_prefix, self._folder)

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
        with self._database.reading() as connection:
            return read_runs(
                connection,
                pattern=pattern,
                outcome=outcome,
                since_us=since_us,
                until_us=until_us,
                environment=environment,
                location=location,
                limit=limit,
            )

    def latest(self) -> tuple[RunSummary, ...]:
        with self._database.reading() as connection:
            return read_last_runs(connection)

    def outcomes(self, wanted: Sequence[Run], limit: int) -> tuple[tuple[Outcome, ...], ...]:
        with self._database.reading() as connection:
            return read_outcomes(connection, wanted, limit)

    def last_good(
        self,
        check: CheckId,
        *,
        environment: str,
        location: str,
        until_us: int,
        kind: ArtifactKind | None = None,
    ) -> RunSummary | None:
        with self._database.reading() as connection:
            return read_last_good(
                connection, check, environment=environment, location=location, until_us=until_us, kind=kind
            )

    def has_passed(self, run: Run) -> bool:
        with self._database.reading() as connection:
            return read_has_passed(connection, run)

    def tallies(self, since_us: int, until_us: int) -> tuple[Tally, ...]:
        with self._database.reading() as connection:
            return read_tallies(connection, since_us, until_us)

    def hosts(self) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return read_hosts(connection)

    def passed_steps(self, check: CheckId, environment: str, location: str) -> tuple[Step, ...]:
        with self._database.reading() as connection:
            return read_passed_steps(connection, check, environment, location)

    def known_steps(self, until_us: int) -> dict[tuple[CheckId, str, str], tuple[Step, ...]]:
        with self._database.reading() as connection:
            return read_known_steps(connection, until_us)
