"""Writes a run: one transaction, the same however often it is done."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from outrider.model import CheckId, StepKind, StoreError
from outrider.store import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrider.model import Attempt, Run
    from outrider.store.artifacts import ArtifactFolder

MAX_TEXT = 20_000
MAX_AUTOMATIC_SERIES = 500

Row = dict[str, Any]


def take_artifacts(folder: ArtifactFolder, runs: Iterable[Run]) -> list[Row]:
    """Take the runs' files into the folder and return the rows that refer to them; outside of any transaction.

    A file that cannot be kept gives a row in `errors` instead (see `error_rows`): the run itself is worth more.
    """
    rows: list[Row] = []
    for run in runs:
        for attempt in run.attempts:
            for artifact in attempt.measurement.artifacts:
                row: Row = {"run_id": run.id, "attempt": attempt.number, "name": artifact.name, "kind": artifact.kind}
                try:
                    kept = folder.take(artifact.path)
                except (StoreError, OSError) as error:
                    rows.append(row | {"failure": str(error)})
                else:
                    kind = {"media_type": artifact.media_type, "digest": kept.digest, "size_bytes": kept.size_bytes}
                    rows.append(row | kind)
    return rows


def write_runs(connection: Connection, runs: Sequence[Run], artifacts: Sequence[Row]) -> None:
    """Write runs that are not there yet, with everything that belongs to them."""
    known = set(connection.scalars(select(schema.runs.c.id).where(schema.runs.c.id.in_([run.id for run in runs]))))
    fresh = [run for run in runs if run.id not in known]
    if not fresh:
        return
    _upsert_checks(connection, fresh)
    _insert(connection, schema.runs, [_run_row(run) for run in fresh])
    pairs = [(run, attempt) for run in fresh for attempt in run.attempts]
    _insert(connection, schema.attempts, [_attempt_row(run, attempt) for run, attempt in pairs])
    _insert(connection, schema.steps, [row for pair in pairs for row in _step_rows(*pair)])
    ours = [row for row in artifacts if row["run_id"] not in known]
    _insert(connection, schema.errors, [row for pair in pairs for row in _error_rows(*pair, ours)])
    _insert(connection, schema.artifacts, [row for row in ours if "digest" in row])
    _write_samples(connection, fresh)


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _upsert_checks(connection: Connection, runs: Iterable[Run]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for run in runs:
        row = {"id": run.check, "first_seen_us": run.due_us, "last_seen_us": run.due_us}
        statement = insert(schema.checks).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_={"last_seen_us": statement.excluded.last_seen_us}
            )
        )


def _run_row(run: Run) -> Row:
    fields = {column.name for column in schema.runs.c} - {"check_id"}
    plain = {name: getattr(run, name) for name in fields if hasattr(run, name)}
    return plain | asdict(run.circumstances) | {"check_id": run.check, "reason": shorten(run.reason)}


def _attempt_row(run: Run, attempt: Attempt) -> Row:
    measured = attempt.measurement
    return {
        "run_id": run.id,
        "number": attempt.number,
        "measured": attempt.measured,
        "evidence": attempt.evidence,
        "outcome": measured.outcome,
        "reason": shorten(measured.reason),
        "started_us": measured.started_us,
        "duration_ms": measured.duration_ms,
        "host": json.dumps(asdict(measured.host) if measured.host else None),
        "attributes": json.dumps(dict(measured.attributes), sort_keys=True),
        "trace_ids": json.dumps(measured.trace_ids),
    }


def _step_rows(run: Run, attempt: Attempt) -> Iterator[Row]:
    for position, step in enumerate(attempt.measurement.steps):
        error = step.error and shorten(step.error)
        yield {"run_id": run.id, "attempt": attempt.number, "position": position, **asdict(step), "error": error}


def _error_rows(run: Run, attempt: Attempt, artifacts: Iterable[Row]) -> Iterator[Row]:
    own: Row = {"run_id": run.id, "attempt": attempt.number}
    position = 0
    for position, error in enumerate(attempt.measurement.errors, 1):
        texts = {"message": shorten(error.message), "stack": shorten(error.stack), "url": shorten(error.url)}
        yield own | {"position": position} | asdict(error) | texts
    lost = [
        row for row in artifacts if "failure" in row and row["run_id"] == run.id and row["attempt"] == attempt.number
    ]
    for extra, row in enumerate(lost, position + 1):
        message = f"{row['name']} could not be kept: {row['failure']}"
        rest = {"stack": "", "url": "", "step": "", "offset_ms": None}
        yield own | rest | {"position": extra, "source": "runner", "message": shorten(message)}


def _write_samples(connection: Connection, runs: Sequence[Run]) -> None:
    known = _series(connection, {run.check for run in runs})
    rows = []
    for run in runs:
        for attempt in run.attempts:
            for step, metric, value in _kept_samples(attempt, {key[1] for key in known if key[0] == run.check}):
                key = (run.check, step, metric, run.environment, run.location)
                if key not in known:
                    known[key] = _new_series(connection, key)
                rows.append(
                    {
                        "series_id": known[key],
                        "due_us": run.due_us,
                        "run_id": run.id,
                        "attempt": attempt.number,
                        "value": value,
                        "measured": attempt.measured,
                    }
                )
    _insert(connection, schema.samples, rows)


def _kept_samples(attempt: Attempt, steps_known: set[str]) -> Iterator[tuple[str, str, float]]:
    """Yield an attempt's samples, without those of automatic steps beyond the cap of a check.

    Identities that change from run to run would otherwise make series without end.
    """
    automatic = {step.key for step in attempt.measurement.steps if step.kind == StepKind.AUTOMATIC}
    new = sorted(automatic - steps_known)
    room = max(0, MAX_AUTOMATIC_SERIES - len(steps_known))
    dropped = set(new[room:])
    for sample in attempt.measurement.samples:
        if sample.step not in dropped:
            yield sample.step, sample.metric, sample.value


SeriesKey = tuple[CheckId, str, str, str, str]


def _series(connection: Connection, checks: set[CheckId]) -> dict[SeriesKey, int]:
    table = schema.series.c
    rows = connection.execute(select(schema.series).where(table.check_id.in_(checks))).mappings()
    return {_key(row): row["id"] for row in rows}


def _key(row: Mapping[Any, Any]) -> SeriesKey:
    return CheckId(row["check_id"]), row["step"], row["metric"], row["environment"], row["location"]


def _new_series(connection: Connection, key: SeriesKey) -> int:
    names = ("check_id", "step", "metric", "environment", "location")
    inserted = connection.execute(schema.series.insert().values(dict(zip(names, key, strict=True))))
    assert inserted.inserted_primary_key is not None
    number: int = inserted.inserted_primary_key[0]
    return number


def shorten(text: str) -> str:
    """Return a text of at most `MAX_TEXT` characters, which says by how much it was cut."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n… {len(text) - MAX_TEXT} more characters were not kept"
