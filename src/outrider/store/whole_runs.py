"""One run whole: found by a part of its id, put together from its parts."""

from __future__ import annotations

import json
from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, and_, func, select

from outrider.model import (
    ArtifactKind,
    Attempt,
    AttemptTrace,
    CheckId,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Measurement,
    Origin,
    Outcome,
    Run,
    RunSummary,
    Sample,
    Step,
    StepKind,
    StoredArtifact,
    StoredRun,
    TraceSource,
    UsageError,
    printable_json,
)
from outrider.store.load_codec import unpack
from outrider.store.run_rows import own_keys, run_lines, summary_of
from outrider.store.schema import (
    artifacts,
    attempt_artifacts,
    attempt_steps,
    attempts,
    attribute_sets,
    circumstances,
    errors,
    loads,
    runs,
    samples,
    series,
    steps,
    trace_link,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

    from outrider.model import ArtifactStore

Row = Any
"""A result row, whose columns SQLAlchemy does not type."""

LATEST = "latest"
"""What stands for the run that was stored last."""
_ID_CHARACTERS = 32
_SHORT_ID = 8
_RECENT = 1000
_CANDIDATES_SHOWN = 8
_COMPARED_ENDS = 100_000


def read_run(connection: Connection, wanted: str, folder: ArtifactStore) -> StoredRun:
    """Return one run whole.

    Args:
        wanted: `latest`, its id, or a beginning of it that no other run's id shares, or failing that such an end;
            hyphens do not matter.

    Raises:
        UsageError: unknown-run, ambiguous-run.
    """
    line, key, run_circumstances = _find(connection, wanted)
    tries = connection.execute(
        select(attempts, attribute_sets.c.json)
        .outerjoin(attribute_sets, attribute_sets.c.key == attempts.c.attribute_set_key)
        .where(attempts.c.run_key == key)
        .order_by(attempts.c.number)
    ).all()
    parts = _Parts(connection, key, line)
    run = Run(
        id=line.id, check=line.check, environment=line.environment, location=line.location,
        due_us=line.due_us, started_us=line.started_us, finished_us=line.finished_us,
        outcome=line.outcome, reason=line.reason, due_count=line.due_count,
        attempts=tuple(_attempt(row, parts) for row in tries), circumstances=run_circumstances,
    )  # fmt: skip
    omitted = tuple(f"attempt {row.number}: {text}" for row in tries for text in (row.omitted or "").splitlines())
    return StoredRun(run, _read_artifacts(connection, key, folder), omitted)


def read_runs_named(connection: Connection, text: str, limit: int) -> tuple[RunSummary, ...]:
    """Return runs whose id begins with a text, or failing that the latest stored ones whose id ends with it.

    A beginning is looked up in an index; ends are compared with those of the latest runs only, so that the time is
    bounded however many runs are kept.
    """
    digits = _digits(text)
    if digits is None:
        return ()
    latest = runs.c.key > select(func.max(runs.c.key) - _COMPARED_ENDS).scalar_subquery()
    for within in (_begins_with(digits), and_(latest, _ends_with(digits))):
        rows = connection.execute(run_lines().where(within).order_by(runs.c.key.desc()).limit(limit)).all()
        if rows:
            return tuple(map(summary_of, rows))
    return ()


def read_passed_steps(connection: Connection, check: CheckId, environment: str, location: str) -> tuple[Step, ...]:
    """Return the steps that a check's last run that passed in a place was measured by; none without such a run."""
    place = (circumstances.c.environment == environment, circumstances.c.location == location)
    last = (
        select(runs.c.key)
        .join(circumstances, circumstances.c.key == runs.c.circumstances_key)
        .where(runs.c.check_key.in_(own_keys(connection, check)), runs.c.outcome == Outcome.PASSED.value, *place)
        .order_by(runs.c.due_us.desc(), runs.c.key.desc())
        .limit(1)
    )
    run_key = connection.execute(last).scalar_one_or_none()
    measured = select(attempts.c.number).where(attempts.c.run_key == run_key, attempts.c.measured.is_(True)).limit(1)
    mine = (attempt_steps.c.run_key == run_key, attempt_steps.c.attempt == measured.scalar_subquery())
    return tuple(map(step_of, connection.execute(step_rows().where(*mine))))


class _Parts:
    """What belongs to the attempts of one run, by attempt number."""

    def __init__(self, connection: Connection, run_key: int, line: RunSummary) -> None:
        self.steps = _by_attempt(
            connection,
            step_rows().where(attempt_steps.c.run_key == run_key),
        )
        seen = select(errors).where(errors.c.run_key == run_key).order_by(errors.c.ordinal)
        self.errors = _by_attempt(connection, seen)
        self.samples = _by_attempt(
            connection,
            select(samples.c.attempt, samples.c.value, series.c.step, series.c.metric)
            .join(series, series.c.key == samples.c.series_key)
            .join(runs, and_(runs.c.check_key == series.c.subject_key, runs.c.due_us == samples.c.at_us))
            .where(runs.c.key == run_key, samples.c.run_key == run_key)
            .where(series.c.environment == line.environment, series.c.location == line.location)
            .order_by(series.c.step, series.c.metric),
        )
        links = select(trace_link).where(trace_link.c.run_key == run_key).order_by(trace_link.c.ordinal)
        self.traces = _by_attempt(connection, links)
        self.loads = _by_attempt(connection, select(loads).where(loads.c.run_key == run_key))


def _by_attempt(connection: Connection, statement: Select[Any]) -> dict[int, list[Row]]:
    by_attempt: dict[int, list[Row]] = defaultdict(list)
    for row in connection.execute(statement):
        by_attempt[row.attempt].append(row)
    return by_attempt


def _find(connection: Connection, wanted: str) -> tuple[RunSummary, int, Circumstances]:
    digits = _digits(_latest_id(connection) if wanted == LATEST else wanted)
    if digits is None:
        raise _unknown(connection, wanted)
    for within in (_begins_with(digits), _ends_with(digits)):
        rows = connection.execute(run_lines().where(within).order_by(runs.c.id).limit(_CANDIDATES_SHOWN + 1)).all()
        if len(rows) > 1:
            raise _ambiguous(wanted, [summary_of(row) for row in rows])
        if rows:
            return (summary_of(rows[0]), *_key_and_circumstances(connection, rows[0].id))
    raise _unknown(connection, wanted)


def _latest_id(connection: Connection) -> str:
    """Return the id of the run that was stored last; empty if there is none."""
    newest = connection.execute(select(runs.c.id).order_by(runs.c.key.desc()).limit(1)).scalar()
    return "" if newest is None else bytes(newest).hex()


def _digits(text: str) -> str | None:
    """Return the hexadecimal digits of an id or a part of one; None for a text that is neither."""
    digits = text.replace("-", "").lower()
    return digits if 0 < len(digits) <= _ID_CHARACTERS and not set(digits) - set("0123456789abcdef") else None


def _begins_with(digits: str) -> ColumnElement[bool]:
    low, high = (bytes.fromhex(digits.ljust(_ID_CHARACTERS, filler)) for filler in "0f")
    return runs.c.id.between(low, high)


def _ends_with(digits: str) -> ColumnElement[bool]:
    """Compare whole bytes; of an odd digit the other half of its byte may be any."""
    halves = ("",) if len(digits) % 2 == 0 else "0123456789abcdef"
    tails = [bytes.fromhex(half + digits) for half in halves]
    start = _ID_CHARACTERS // 2 - len(tails[0]) + 1
    return func.substr(runs.c.id, start, type_=LargeBinary).in_(tails)


def _key_and_circumstances(connection: Connection, identifier: bytes) -> tuple[int, Circumstances]:
    columns = (runs.c.key, *(circumstances.c[name] for name in Circumstances.__dataclass_fields__))
    joined = runs.join(circumstances, circumstances.c.key == runs.c.circumstances_key)
    key, *values = connection.execute(select(*columns).select_from(joined).where(runs.c.id == identifier)).one()
    return key, Circumstances(*values)


def _unknown(connection: Connection, wanted: str) -> UsageError:
    """Return the error that names the runs that may have been meant, by the end of their ids."""
    recent = connection.execute(select(runs.c.id).order_by(runs.c.key.desc()).limit(_RECENT)).scalars()
    near = get_close_matches(
        wanted.lower()[-_SHORT_ID:], [bytes(identifier).hex()[-_SHORT_ID:] for identifier in recent]
    )
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    fix = f'{meant}"outrider runs" shows those there are'
    return UsageError(f'there is no run "{wanted}"', slug="unknown-run", fix=fix)


def _ambiguous(wanted: str, matches: Sequence[RunSummary]) -> UsageError:
    shown = ", ".join(f"{line.id} ({line.check})" for line in matches[:_CANDIDATES_SHOWN])
    more = " and more" if len(matches) > _CANDIDATES_SHOWN else ""
    return UsageError(
        f"{wanted} stands in the ids of several runs: {shown}{more}", slug="ambiguous-run", fix="type more of the id"
    )  # fmt: skip


def _attempt(row: Row, parts: _Parts) -> Attempt:
    measurement = Measurement(
        outcome=Outcome(row.outcome),
        reason=row.reason,
        started_us=row.started_us,
        duration_ms=row.duration_us / 1000,
        steps=tuple(map(step_of, parts.steps[row.number])),
        samples=tuple(Sample(sample.step, sample.metric, sample.value) for sample in parts.samples[row.number]),
        errors=tuple(map(_error, parts.errors[row.number])),
        host=_host(row._mapping),
        attributes=printable_json(json.loads(row.json)) if row.json else {},
        traces=tuple(map(_trace, parts.traces[row.number])),
        load=next((unpack(load.result) for load in parts.loads[row.number]), None),
    )
    return Attempt(row.number, row.measured, row.evidence, measurement)


def step_rows() -> Select[Any]:
    """Return the query for what `step_of` shows."""
    columns = (steps.c.step, steps.c.kind, steps.c.title, steps.c.parent, steps.c.source)
    joined = attempt_steps.join(steps, steps.c.key == attempt_steps.c.step_key)
    ordinals = (attempt_steps.c.run_key, attempt_steps.c.ordinal)
    return select(attempt_steps, *columns).select_from(joined).order_by(*ordinals)


def step_of(row: Row) -> Step:
    """Return a step from a row of `step_rows`."""
    return Step(
        key=row.step,
        title=row.title,
        kind=StepKind(row.kind),
        offset_ms=row.offset_us / 1000,
        duration_ms=_milliseconds(row.duration_us),
        parent=row.parent or None,
        source=row.source,
        error=row.error,
    )


def _error(row: Row) -> ErrorRecord:
    return ErrorRecord(
        ErrorSource(row.source), row.message, row.stack, row.url, row.step, _milliseconds(row.offset_us)
    )  # fmt: skip


def _milliseconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / 1000


def _host(row: RowMapping) -> HostLoad | None:
    if row["processors"] is None:
        return None
    return HostLoad(
        row["processors"], row["load_1m"], row["own_share"], row["other_share"], row["memory_available_bytes"]
    )  # fmt: skip


def _trace(row: Row) -> AttemptTrace:
    return AttemptTrace(bytes(row.trace_id).hex(), row.step, Origin(row.kind), TraceSource(row.source))


def _read_artifacts(connection: Connection, run_key: int, folder: ArtifactStore) -> tuple[StoredArtifact, ...]:
    statement = (
        select(attempt_artifacts, artifacts.c.digest, artifacts.c.bytes)
        .join(artifacts, artifacts.c.key == attempt_artifacts.c.artifact_key)
        .where(attempt_artifacts.c.run_key == run_key)
        .order_by(attempt_artifacts.c.attempt, attempt_artifacts.c.ordinal)
    )
    return tuple(_stored_artifact(row, folder) for row in connection.execute(statement))


def _stored_artifact(row: Row, folder: ArtifactStore) -> StoredArtifact:
    digest = bytes(row.digest).hex()
    where, path = folder.place(digest)
    kind = ArtifactKind(row.kind)
    return StoredArtifact(row.attempt, kind, row.name, row.media_type, digest, row.bytes, where, path, folder)
