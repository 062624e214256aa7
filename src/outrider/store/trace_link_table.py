"""Links between runs and traces, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from outrider.model import CheckId, Excerpt, Origin, RunId, TraceLink, TraceLinkLog, TraceSource, is_trace_id
from outrider.store.queue_rows import run_bytes
from outrider.store.run_rows import CURRENT_ID, limit_and_one, with_subject
from outrider.store.schema import runs, trace_link

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Select

    from outrider.store.database import Database

MOST_TRACES = 1_000
"""How many ids of traces one question may name."""


class TraceLinkTable(TraceLinkLog):
    """Links between runs and traces; `Rows` writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(self, run: RunId) -> tuple[TraceLink, ...]:
        try:
            own = runs.c.id == run_bytes(run)
        except ValueError:
            return ()
        statement = _links().where(own).order_by(trace_link.c.attempt, trace_link.c.ordinal)
        with self._database.reading() as connection:
            return tuple(map(_link, connection.execute(statement)))

    def of_traces(self, trace_ids: Collection[str], *, limit: int = 1_000) -> Excerpt[TraceLink]:
        if len(trace_ids) > MOST_TRACES:
            raise ValueError(f"{len(trace_ids)} ids of traces; {MOST_TRACES} at most")
        wanted = [bytes.fromhex(trace_id) for trace_id in trace_ids if is_trace_id(trace_id)]
        statement = (
            _links()
            .where(trace_link.c.trace_id.in_(wanted))
            .order_by(trace_link.c.run_key.desc(), trace_link.c.attempt, trace_link.c.ordinal)
            .limit(limit_and_one(limit))
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement).all() if wanted else []
        return Excerpt.within(map(_link, rows), limit)


def _links() -> Select[Any]:
    joined = with_subject(runs, runs.c.check_key).join(trace_link, trace_link.c.run_key == runs.c.key)
    return select(trace_link, runs.c.id.label("run"), CURRENT_ID.label("check")).select_from(joined)


def _link(row: Any) -> TraceLink:
    return TraceLink(
        bytes(row.trace_id).hex(), RunId(str(UUID(bytes=bytes(row.run)))), CheckId(row.check), row.attempt, row.step,
        Origin(row.kind), TraceSource(row.source),
    )  # fmt: skip
