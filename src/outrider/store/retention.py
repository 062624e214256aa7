"""Removes what is older than the workspace wants to keep, a little at a time so that writers hardly wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, delete, select

from outrider.model import Outcome
from outrider.store import schema

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from outrider.store.artifacts import ArtifactFolder

DAY_US = 86_400_000_000
_BATCH = 200
_ORPHAN_S = 3600


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in days."""

    passed_artifacts_days: float = 1
    evidence_days: float = 30
    samples_days: float = 35
    runs_days: float = 395


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    artifacts: int
    files: int
    samples: int
    runs: int


def prune(engine: Engine, folder: ArtifactFolder, now_us: int, keep: Retention) -> Pruned:
    """Remove what is too old, in transactions of a few hundred rows; then files that nothing refers to."""
    passed = schema.runs.c.outcome == Outcome.PASSED
    artifacts = _prune_artifacts(engine, now_us - int(keep.passed_artifacts_days * DAY_US), passed)
    artifacts += _prune_artifacts(engine, now_us - int(keep.evidence_days * DAY_US), ~passed)
    samples = _prune_samples(engine, now_us - int(keep.samples_days * DAY_US))
    runs = _prune_runs(engine, now_us - int(keep.runs_days * DAY_US))
    return Pruned(artifacts, _collect_files(engine, folder, now_us / 1e6 - _ORPHAN_S), samples, runs)


def _prune_artifacts(engine: Engine, before_us: int, which: ColumnElement[bool]) -> int:
    table, runs = schema.artifacts.c, schema.runs.c
    query = (
        select(table.run_id)
        .join(schema.runs, runs.id == table.run_id)
        .where(runs.due_us < before_us, which)
        .distinct()
        .limit(_BATCH)
    )
    removed = 0
    while True:
        with engine.begin() as connection:
            chosen = list(connection.scalars(query))
            removed += _delete(connection, table.run_id.in_(chosen)) if chosen else 0
        if not chosen:
            return removed


def _delete(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(delete(schema.artifacts).where(which)).rowcount


def _prune_samples(engine: Engine, before_us: int) -> int:
    with engine.connect().execution_options(outrider_reading=True) as connection:
        numbers = list(connection.scalars(select(schema.series.c.id)))
    removed = 0
    for number in numbers:
        table = schema.samples.c
        with engine.begin() as connection:
            statement = delete(schema.samples).where(table.series_id == number, table.due_us < before_us)
            removed += connection.execute(statement).rowcount
    return removed


def _prune_runs(engine: Engine, before_us: int) -> int:
    removed = 0
    while True:
        with engine.begin() as connection:
            query = select(schema.runs.c.id).where(schema.runs.c.due_us < before_us).limit(_BATCH)
            chosen = list(connection.scalars(query))
            for table in (schema.artifacts, schema.errors, schema.steps, schema.samples, schema.attempts):
                connection.execute(delete(table).where(table.c.run_id.in_(chosen)))
            connection.execute(delete(schema.runs).where(schema.runs.c.id.in_(chosen)))
        if not chosen:
            return removed
        removed += len(chosen)


def _collect_files(engine: Engine, folder: ArtifactFolder, older_than_s: float) -> int:
    """Remove files that nothing refers to; young ones may belong to a run that is being written."""
    removed = 0
    for digest in folder.digests(older_than_s=older_than_s):
        with engine.connect().execution_options(outrider_reading=True) as connection:
            used = connection.scalar(
                select(schema.artifacts.c.digest).where(schema.artifacts.c.digest == digest).limit(1)
            )
        if used is None:
            folder.remove(digest)
            removed += 1
    return removed
