"""The rows of one transaction: what an attempt brought back, cut to the limits, with a note of what was left out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from outrider.model import Outcome, bounded, counted, identity, is_trace_id
from outrider.store.key_cache import SeriesName
from outrider.store.load_codec import pack
from outrider.store.schema import (
    artifacts,
    attempt_artifacts,
    attempt_steps,
    attempts,
    errors,
    loads,
    samples,
    trace_link,
)
from outrider.store.text_limits import (
    ATTRIBUTES_PER_ATTEMPT,
    ERRORS_PER_ATTEMPT,
    MESSAGE_CHARACTERS,
    REASON_CHARACTERS,
    STACK_CHARACTERS,
    STEPS_PER_ATTEMPT,
    STEPS_PER_CHECK,
    TRACES_PER_ATTEMPT,
    URL_CHARACTERS,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from outrider.model import ArtifactFile, Attempt, Content, HostLoad, Run, Step
    from outrider.store.key_cache import KeyCache, KnownSubject

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlacedAttempt:
    """The attempt whose rows are made.

    Attributes:
        files: What it left, as it lies in the artifact folder.
        omitted: What was left out of it, a line each; filled while its rows are made.
    """

    run: Run
    run_key: int
    check: KnownSubject
    attempt: Attempt
    files: Sequence[tuple[ArtifactFile, Content]]
    omitted: list[str]

    def place(self, ordinal: int) -> Row:
        """Return the primary key of the attempt's row number `ordinal`."""
        return {"run_key": self.run_key, "attempt": self.attempt.number, "ordinal": ordinal}


@dataclass(slots=True)
class Rows:
    """Rows by table, made with the catalogue's keys within one writing transaction, then inserted together."""

    connection: Connection
    keys: KeyCache
    attempts: list[tuple[object, ...]] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    errors: list[Row] = field(default_factory=list)
    samples: list[tuple[float, ...]] = field(default_factory=list)
    artifacts: list[Row] = field(default_factory=list)
    loads: list[Row] = field(default_factory=list)
    traces: list[Row] = field(default_factory=list)

    def add(self, attempts: Sequence[PlacedAttempt]) -> None:
        """Make the rows of attempts; the steps and series of checks that have none are inserted together."""
        new = [own for own in attempts if not own.check.forms and own.attempt.measurement.steps]
        self.keys.add_steps(
            self.connection, [(own.check, _kept_steps(own), own.attempt.measurement.started_us) for own in new]
        )
        named = [(placed, _named_values(placed, self._add_steps(placed))) for placed in attempts]
        self.keys.add_series(
            self.connection, [(own.check, _finite(values)) for own, values in named if values and not own.check.series]
        )
        for placed, values in named:
            self._add_samples(placed, values)
            self._add_errors(placed)
            self._add_artifacts(placed)
            self._add_load(placed)
            self._add_traces(placed)
            self._add_attempt(placed)

    def insert(self) -> None:
        """Insert all rows, those that others refer to first."""
        insert_plain(self.connection, attempts, self.attempts)
        for table, rows in (
            (attempt_steps, self.steps),
            (errors, self.errors),
            (attempt_artifacts, self.artifacts),
            (loads, self.loads),
            (trace_link, self.traces),
        ):
            if rows:
                self.connection.execute(insert(table), rows)
        insert_plain(self.connection, samples, self.samples)

    def _add_steps(self, placed: PlacedAttempt) -> set[str]:
        """Add the attempt's steps, and return the keys of those that there is no room for."""
        measurement = placed.attempt.measurement
        if not measurement.steps:
            return set()
        kept = _kept_steps(placed)
        dropped = {identity(step.key) for step in measurement.steps[STEPS_PER_ATTEMPT:]}
        keys = self.keys.steps(self.connection, placed.check, kept, measurement.started_us)
        for ordinal, (step, key) in enumerate(zip(kept, keys, strict=True)):
            if key is None:
                dropped.add(identity(step.key))
                continue
            row = placed.place(ordinal)
            row["step_key"] = key
            row["offset_us"] = _microseconds(step.offset_ms) or 0
            row["duration_us"] = _microseconds(step.duration_ms)
            row["error"] = None if step.error is None else bounded(step.error, MESSAGE_CHARACTERS)
            self.steps.append(row)
        if dropped:
            placed.omitted.append(
                f"{counted(len(dropped), 'step')}, beyond {STEPS_PER_ATTEMPT} of the attempt or "
                f"{STEPS_PER_CHECK} of their kind"
            )
        return dropped

    def _add_samples(self, placed: PlacedAttempt, named: Mapping[SeriesName, float]) -> None:
        """Add the attempt's samples as tuples in the order of the table's columns: they are most of all rows."""
        run, attempt = placed.run, placed.attempt
        wanted = _finite(named)
        keys = self.keys.series(self.connection, placed.check, wanted)
        kept = [(keys[name], value) for name, value in wanted.items() if name in keys]
        shared = (run.due_us, placed.run_key, attempt.number, is_judged(attempt))
        self.samples.extend((key, *shared, value) for key, value in kept)
        if len(kept) < len(named):
            lost = len(named) - len(kept)
            placed.omitted.append(f"{counted(lost, 'sample')}, not finite, or of steps or series beyond the limits")

    def _add_errors(self, placed: PlacedAttempt) -> None:
        seen = placed.attempt.measurement.errors
        for ordinal, error in enumerate(seen[:ERRORS_PER_ATTEMPT]):
            row = placed.place(ordinal)
            row["source"] = error.source.value
            row["message"] = bounded(error.message, MESSAGE_CHARACTERS)
            row["stack"] = bounded(error.stack, STACK_CHARACTERS)
            row["url"] = bounded(error.url, URL_CHARACTERS)
            row["step"] = identity(error.step)
            row["offset_us"] = _microseconds(error.offset_ms)
            self.errors.append(row)
        if len(seen) > ERRORS_PER_ATTEMPT:
            placed.omitted.append(f"{len(seen) - ERRORS_PER_ATTEMPT} of {len(seen)} errors")

    def _add_artifacts(self, placed: PlacedAttempt) -> None:
        keys = artifact_keys(self.connection, [content for _, content in placed.files])
        for ordinal, (file, content) in enumerate(placed.files):
            row = placed.place(ordinal)
            row["artifact_key"] = keys[content.digest]
            row["kind"] = file.kind.value
            row["name"] = identity(file.name)
            row["media_type"] = identity(file.media_type)
            self.artifacts.append(row)

    def _add_load(self, placed: PlacedAttempt) -> None:
        load = placed.attempt.measurement.load
        if load is not None:
            place = {"run_key": placed.run_key, "attempt": placed.attempt.number}
            self.loads.append({**place, "result": pack(load)})

    def _add_traces(self, placed: PlacedAttempt) -> None:
        """Add links to traces, each of a step once; what is no id of a trace is left out."""
        traces = {(trace.trace_id, trace.step): trace for trace in reversed(placed.attempt.measurement.traces)}
        valid = [trace for trace in reversed(traces.values()) if is_trace_id(trace.trace_id)]
        for ordinal, trace in enumerate(valid[:TRACES_PER_ATTEMPT]):
            row = placed.place(ordinal)
            row["trace_id"] = bytes.fromhex(trace.trace_id)
            row["step"] = identity(trace.step)
            row["kind"] = trace.kind.value
            row["source"] = trace.source.value
            self.traces.append(row)
        if len(valid) > TRACES_PER_ATTEMPT:
            placed.omitted.append(f"{len(valid) - TRACES_PER_ATTEMPT} of {len(valid)} links to traces")

    def _add_attempt(self, placed: PlacedAttempt) -> None:
        attempt, measurement = placed.attempt, placed.attempt.measurement
        if (count := len(measurement.attributes)) > ATTRIBUTES_PER_ATTEMPT:
            placed.omitted.append(f"{count - ATTRIBUTES_PER_ATTEMPT} of {count} attributes")
        row = (
            placed.run_key,
            attempt.number,
            attempt.measured,
            attempt.evidence,
            measurement.outcome.value,
            bounded(measurement.reason, REASON_CHARACTERS),
            measurement.started_us,
            _microseconds(measurement.duration_ms) or 0,
            *_host_columns(measurement.host),
            self.keys.attribute_set(self.connection, measurement.attributes, measurement.started_us),
            bounded("\n".join(placed.omitted), MESSAGE_CHARACTERS) or None,
        )
        self.attempts.append(row)


def _kept_steps(placed: PlacedAttempt) -> Sequence[Step]:
    return placed.attempt.measurement.steps[:STEPS_PER_ATTEMPT]


def _named_values(placed: PlacedAttempt, dropped: Collection[str]) -> dict[SeriesName, float]:
    """Return the attempt's values by series; those of dropped steps are no numbers."""
    place = (identity(placed.run.environment), identity(placed.run.location))
    named = {
        SeriesName(*place, identity(sample.step), identity(sample.metric)): sample.value
        for sample in placed.attempt.measurement.samples
    }
    return {name: math.nan if name.step in dropped else value for name, value in named.items()} if dropped else named


def _finite(values: Mapping[SeriesName, float]) -> dict[SeriesName, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}


def is_judged(attempt: Attempt) -> bool:
    """Return whether an attempt's samples count: a measured one that passed, never a retry or an evidence attempt."""
    return attempt.measured and not attempt.evidence and attempt.measurement.outcome is Outcome.PASSED


def artifact_keys(connection: Connection, contents: Sequence[Content]) -> dict[str, int]:
    """Return the key of each content, inserted if it is new."""
    if not contents:
        return {}
    wanted = {bytes.fromhex(content.digest): content for content in contents}
    statement = select(artifacts.c.digest, artifacts.c.key).where(artifacts.c.digest.in_(wanted))
    known = {bytes(digest): key for digest, key in connection.execute(statement)}
    missing = [{"digest": digest, "bytes": content.bytes} for digest, content in wanted.items() if digest not in known]
    if missing:
        connection.execute(insert(artifacts), missing)
        known = {bytes(digest): key for digest, key in connection.execute(statement)}
    return {digest.hex(): key for digest, key in known.items()}


def _host_columns(host: HostLoad | None) -> tuple[float | None, ...]:
    if host is None:
        return (None,) * 5
    return host.processors, host.load_1m, host.own_share, host.other_share, host.memory_available_bytes


def insert_plain(
    connection: Connection, table: Table, rows: Sequence[tuple[object, ...]], *, keyed: bool = True
) -> None:
    """Hand rows, in the order of the table's columns, to the driver as they are.

    SQLAlchemy's treatment of each would cost as much as storing it.

    Args:
        connection: In a writing transaction.
        table: Where they go.
        rows: None of their values needs to be converted for the driver.
        keyed: Whether they have the first column, which the database otherwise fills.
    """
    if not rows:
        return
    names = table.columns.keys()[0 if keyed else 1 :]
    statement = insert(table).compile(dialect=connection.dialect, column_keys=names)
    if statement.positional:
        connection.exec_driver_sql(str(statement), list(rows))
    else:
        connection.exec_driver_sql(str(statement), [dict(zip(names, row, strict=True)) for row in rows])


def _microseconds(duration_ms: float | None) -> int | None:
    return None if duration_ms is None or not math.isfinite(duration_ms) else round(duration_ms * 1000)
