"""The store: where runs, samples and artifacts are kept."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlalchemy import delete, func, select

from outrider.model import CheckId, Outcome
from outrider.store import schema
from outrider.store.artifacts import ArtifactFolder
from outrider.store.database import open_database, translated
from outrider.store.reading import RunFilter, Series, list_runs, read_run, read_samples
from outrider.store.recording import shorten, take_artifacts, write_runs
from outrider.store.retention import Pruned, Retention, prune

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from outrider.model import Run

_FOREVER_US = 1 << 62


@dataclass(frozen=True, slots=True)
class StoredProof:
    """What a check made of one injected fault, when it was last proved."""

    check: CheckId
    fault: str
    at_us: int
    outcome: Outcome
    noticed: bool
    reason: str
    snapshot: str


class Store:
    """An open store; its methods raise `StoreError` where the database or the artifact folder fails.

    Args:
        url: An SQLAlchemy URL, or the path of an SQLite file, which is created if it is new.
        artifacts: A folder, or a URL that fsspec knows.
    """

    def __init__(self, url: str, artifacts: str) -> None:
        self._url = url if "://" in url else f"sqlite:///{url}"
        self._engine = open_database(self._url)
        self.artifacts = ArtifactFolder(artifacts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def record(self, run: Run) -> None:
        """Keep a finished run: atomic, and idempotent by its id."""
        self.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        """Keep several runs in one transaction."""
        files = take_artifacts(self.artifacts, runs)
        with self._writing() as connection:
            write_runs(connection, runs, files)

    def runs(self, wanted: RunFilter | None = None) -> list[Run]:
        """Return runs without their attempts, newest first."""
        with self._reading() as connection:
            return list_runs(connection, wanted or RunFilter())

    def run(self, prefix: str) -> Run:
        """Return one run with everything that belongs to it; its artifacts' paths are where they lie in the store.

        Raises:
            UsageError: If no run or more than one has an id that begins or ends so.
        """
        with self._reading() as connection:
            return read_run(connection, prefix, self.artifacts)

    def checks(self) -> list[CheckId]:
        """Return all checks that ever ran."""
        with self._reading() as connection:
            return [CheckId(one) for one in connection.scalars(select(schema.checks.c.id).order_by(schema.checks.c.id))]

    def last_outcomes(self) -> dict[CheckId, Outcome]:
        """Return the outcome of each check's newest run."""
        table = schema.runs.c
        newest = select(table.check_id, func.max(table.due_us).label("due")).group_by(table.check_id).subquery()
        query = select(table.check_id, table.outcome).join(
            newest, (newest.c.check_id == table.check_id) & (newest.c.due == table.due_us)
        )
        with self._reading() as connection:
            return {CheckId(check): Outcome(outcome) for check, outcome in connection.execute(query)}

    def series(self, check: CheckId) -> list[Series]:
        """Return the series of a check."""
        table = schema.series.c
        query = select(schema.series).where(table.check_id == check).order_by(table.id)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [Series(row[0], CheckId(row[1]), *row[2:]) for row in rows]

    def samples(
        self, series: Series, since_us: int = 0, until_us: int = _FOREVER_US
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the measured samples of a series in [since, until): when due (µs) and value, in order of time."""
        with self._reading() as connection:
            return read_samples(connection, series.id, since_us, until_us)

    def record_proofs(self, check: CheckId, proofs: Sequence[StoredProof]) -> None:
        """Replace what is known of a check's proofs."""
        rows = [
            {
                "check_id": one.check,
                "fault": one.fault,
                "at_us": one.at_us,
                "outcome": one.outcome,
                "noticed": one.noticed,
                "reason": shorten(one.reason),
                "snapshot": one.snapshot,
            }
            for one in proofs
        ]
        with self._writing() as connection:
            connection.execute(delete(schema.proofs).where(schema.proofs.c.check_id == check))
            if rows:
                connection.execute(schema.proofs.insert(), rows)

    def proofs(self, check: CheckId) -> list[StoredProof]:
        """Return what a check made of each fault, when it was last proved."""
        query = select(schema.proofs).where(schema.proofs.c.check_id == check).order_by(schema.proofs.c.fault)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            StoredProof(
                check,
                row["fault"],
                row["at_us"],
                Outcome(row["outcome"]),
                row["noticed"],
                row["reason"],
                row["snapshot"],
            )
            for row in rows
        ]

    def prune(self, now_us: int, keep: Retention | None = None) -> Pruned:
        """Remove what is too old, in short transactions."""
        with translated(self._url):
            return prune(self._engine, self.artifacts, now_us, keep or Retention())

    def _writing(self) -> AbstractContextManager[Connection]:
        return self._transaction(reading=False)

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._transaction(reading=True)

    @contextmanager
    def _transaction(self, *, reading: bool) -> Iterator[Connection]:
        with translated(self._url):
            connection = self._engine.connect().execution_options(outrider_reading=reading)
            with connection, connection.begin():
                yield connection
