"""Reads runs and series back."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, select

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    CheckId,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Measurement,
    Outcome,
    Run,
    RunId,
    Step,
    StepKind,
    UsageError,
)
from outrider.model import Sample as SampleValue
from outrider.store import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sqlalchemy import Table

    from outrider.store.artifacts import ArtifactFolder


@dataclass(frozen=True, slots=True)
class Series:
    """A series and its number in the store."""

    id: int
    check: CheckId
    step: str
    metric: str
    environment: str
    location: str


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list: newest first."""

    checks: frozenset[CheckId] | None = None
    outcomes: frozenset[Outcome] | None = None
    since_us: int | None = None
    limit: int = 50


def list_runs(connection: Connection, wanted: RunFilter) -> list[Run]:
    """Return runs without their attempts, newest first."""
    table = schema.runs.c
    query = select(schema.runs).order_by(table.due_us.desc(), table.id.desc()).limit(wanted.limit)
    if wanted.checks is not None:
        query = query.where(table.check_id.in_(wanted.checks))
    if wanted.outcomes is not None:
        query = query.where(table.outcome.in_(wanted.outcomes))
    if wanted.since_us is not None:
        query = query.where(table.due_us >= wanted.since_us)
    return [_run(row, ()) for row in connection.execute(query).mappings()]


def read_run(connection: Connection, prefix: str, artifacts: ArtifactFolder) -> Run:
    """Return a run with everything that belongs to it.

    Args:
        connection: To the store.
        prefix: Its id, or enough of either end of it to be unique.
        artifacts: Where its artifacts lie.

    Raises:
        UsageError: If no run or more than one has such an id.
    """
    table = schema.runs.c
    pattern = table.id.startswith(prefix, autoescape=True) | table.id.endswith(prefix, autoescape=True)
    found = list(connection.execute(select(schema.runs).where(pattern).limit(4)).mappings())
    if len(found) != 1:
        shown = ", ".join(row["id"] for row in found[:3]) or "outrider runs lists what there is"
        what = "no run" if not found else "more than one run"
        raise UsageError(f"{what} has an id that begins or ends with {prefix!r}", slug="unknown-run", fix=shown)
    return _run(found[0], _attempts(connection, found[0]["id"], artifacts))


def read_samples(
    connection: Connection, series: int, since_us: int, until_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the measured samples of a series in [since, until): times in µs and values, in order of time."""
    table = schema.samples.c
    query = (
        select(table.due_us, table.value)
        .where(table.series_id == series, table.due_us >= since_us, table.due_us < until_us, table.measured)
        .order_by(table.due_us)
    )
    rows = connection.execute(query).all()
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)


def _run(row: Mapping[Any, Any], attempts: tuple[Attempt, ...]) -> Run:
    return Run(
        id=RunId(row["id"]),
        check=CheckId(row["check_id"]),
        environment=row["environment"],
        location=row["location"],
        due_us=row["due_us"],
        started_us=row["started_us"],
        finished_us=row["finished_us"],
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        attempts=attempts,
        circumstances=Circumstances(
            release=row["release"],
            browser=row["browser"],
            outrider_version=row["outrider_version"],
            host=row["host"],
            snapshot=row["snapshot"],
        ),
    )


def _attempts(connection: Connection, run: str, artifacts: ArtifactFolder) -> tuple[Attempt, ...]:
    steps = _by_attempt(connection, schema.steps, run, "position")
    errors = _by_attempt(connection, schema.errors, run, "position")
    files = _by_attempt(connection, schema.artifacts, run, "name")
    samples = _samples(connection, run)
    query = select(schema.attempts).where(schema.attempts.c.run_id == run).order_by(schema.attempts.c.number)
    return tuple(
        Attempt(
            number=row["number"],
            measured=row["measured"],
            evidence=row["evidence"],
            measurement=Measurement(
                outcome=Outcome(row["outcome"]),
                reason=row["reason"],
                started_us=row["started_us"],
                duration_ms=row["duration_ms"],
                steps=tuple(_step(one) for one in steps[row["number"]]),
                samples=tuple(samples[row["number"]]),
                errors=tuple(_error(one) for one in errors[row["number"]]),
                artifacts=tuple(_artifact(one, artifacts) for one in files[row["number"]]),
                host=HostLoad(**host) if (host := json.loads(row["host"])) else None,
                attributes=json.loads(row["attributes"]),
                trace_ids=tuple(json.loads(row["trace_ids"])),
            ),
        )
        for row in connection.execute(query).mappings()
    )


def _by_attempt(connection: Connection, table: Table, run: str, order: str) -> dict[int, list[Mapping[Any, Any]]]:
    rows: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in connection.execute(select(table).where(table.c.run_id == run).order_by(table.c[order])).mappings():
        rows[row["attempt"]].append(row)
    return rows


def _samples(connection: Connection, run: str) -> dict[int, list[SampleValue]]:
    samples, series = schema.samples.c, schema.series.c
    query = (
        select(samples.attempt, series.step, series.metric, samples.value)
        .join(schema.series, series.id == samples.series_id)
        .where(samples.run_id == run)
        .order_by(series.id)
    )
    found: dict[int, list[SampleValue]] = defaultdict(list)
    for attempt, step, metric, value in connection.execute(query):
        found[attempt].append(SampleValue(step, metric, value))
    return found


def _step(row: Mapping[Any, Any]) -> Step:
    names = ("key", "title", "offset_ms", "duration_ms", "parent", "source", "error")
    return Step(kind=StepKind(row["kind"]), **{name: row[name] for name in names})


def _error(row: Mapping[Any, Any]) -> ErrorRecord:
    names = ("message", "stack", "url", "step", "offset_ms")
    return ErrorRecord(source=ErrorSource(row["source"]), **{name: row[name] for name in names})


def _artifact(row: Mapping[Any, Any], artifacts: ArtifactFolder) -> ArtifactFile:
    return ArtifactFile(ArtifactKind(row["kind"]), row["name"], row["media_type"], Path(artifacts.path(row["digest"])))
