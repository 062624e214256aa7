"""Whether a question could be asked of telemetry, before anybody asks it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrider.model import RecordKind
from outrider.telemetry_store.measures import measure_sql
from outrider.telemetry_store.query_compiler import Parameters, compile_query
from outrider.telemetry_store.query_fields import LOGS, SPANS
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.query_text import QueryText

if TYPE_CHECKING:
    from outrider.telemetry_store.query_fields import Signal


def check_timeless_query(kind: RecordKind, query: str) -> None:
    """Refuse a query that cannot be understood, or names a time.

    Raises:
        QueryError: Where it cannot be understood.
    """
    compile_query(query, _signal(kind), now_ns=time.time_ns())
    text = QueryText(query)
    if len(text.filters) < len(text.parts):
        raise QueryError("since and until have no place here", text=query, column=0, fix="leave them out")


def check_measure(kind: RecordKind, measure: str) -> None:
    """Refuse what is no measure.

    Raises:
        QueryError: If it is none.
    """
    measure_sql(measure, _signal(kind), Parameters(), seconds=1.0)


def check_key(key: str) -> None:
    """Refuse what cannot be a key of a query.

    Raises:
        QueryError: If it is none.
    """
    if not QueryText("").also(key, "value") or key in {"since", "until"}:
        raise QueryError(f"{key!r} is no key", text=key, column=0, fix="write a key such as service or http.route")


def _signal(kind: RecordKind) -> Signal:
    return LOGS if kind is RecordKind.LOGS else SPANS
