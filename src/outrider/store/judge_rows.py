"""Releases, and the judge's checkpoints: written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, select

from outrider.model import Checkpoint, Release, bounded, identity
from outrider.store.schema import checkpoints, releases, series
from outrider.store.text_limits import REASON_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from outrider.model import Series


def write_release(connection: Connection, release: Release) -> None:
    """Note a release; saying the same again changes whether it is accepted, and nothing else.

    What the judge knew after an accepted release is forgotten, and learned anew from samples.
    """
    row = {"environment": identity(release.environment), "at_us": release.at_us, "name": identity(release.name)}
    connection.execute(delete(releases).filter_by(**row))
    connection.execute(insert(releases), {**row, "accepted": release.accepted})
    if release.accepted:
        there = select(series.c.key).where(series.c.environment == row["environment"])
        later = and_(checkpoints.c.at_us >= release.at_us, checkpoints.c.series_key.in_(there))
        connection.execute(delete(checkpoints).where(later))


def read_releases(connection: Connection, environment: str | None) -> tuple[Release, ...]:
    """Return the releases of an environment, or all, in the order of time."""
    statement = select(releases).order_by(releases.c.at_us, releases.c.name)
    if environment is not None:
        statement = statement.where(releases.c.environment == environment)
    return tuple(Release(row.name, row.environment, row.at_us, row.accepted) for row in connection.execute(statement))


def write_checkpoints(connection: Connection, written: Iterable[Checkpoint]) -> None:
    """Keep checkpoints in place of those before them."""
    latest = list({checkpoint.series.keys[-1]: checkpoint for checkpoint in written}.values())
    if not latest:
        return
    keys = [{"key": key} for checkpoint in latest for key in checkpoint.series.keys]
    connection.execute(delete(checkpoints).where(checkpoints.c.series_key == bindparam("key")), keys)
    connection.execute(insert(checkpoints), [_row(checkpoint) for checkpoint in latest])


def _row(checkpoint: Checkpoint) -> dict[str, object]:
    verdict = {
        "condition": checkpoint.condition,
        "reason": bounded(checkpoint.reason, REASON_CHARACTERS),
        "state": checkpoint.state,
    }
    return {"series_key": checkpoint.series.keys[-1], "at_us": checkpoint.at_us, **verdict}


def count_checkpoints(connection: Connection, since_us: int) -> int:
    """Return how many checkpoints are of that time or later."""
    return connection.scalar(select(func.count()).where(checkpoints.c.at_us >= since_us)) or 0


def read_checkpoints(connection: Connection, wanted: Sequence[Series]) -> tuple[Checkpoint, ...]:
    """Return the checkpoints of series that have one; of a renamed check's several the latest."""
    by_key = {key: judged for judged in wanted for key in judged.keys}
    rows = connection.execute(
        select(checkpoints).where(checkpoints.c.series_key.in_(by_key)).order_by(checkpoints.c.at_us)
    ).all()
    latest = {by_key[row.series_key]: row for row in rows}
    return tuple(Checkpoint(judged, row.at_us, row.condition, row.reason, row.state) for judged, row in latest.items())
