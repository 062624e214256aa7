"""Queries as SQL with parameters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.telemetry_store.test_query_grammar import PIECES

from outrider.telemetry_store.query_compiler import compile_query
from outrider.telemetry_store.query_fields import LOGS, SPANS
from outrider.telemetry_store.query_terms import QueryError

NOW_NS = round(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()) * 10**9
HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize("signal", [LOGS, SPANS])
@pytest.mark.parametrize(
    "template", ["{}", '"{}"', "key:{}", 'service:"{}"', "{}:value", "body:{}*", "has:{}", "trace:{}", "-name:[{}, b]"]
)
@given(literal=st.text(st.characters(exclude_characters='"\\()[]:=<>!*', exclude_categories=["Cs"]), max_size=20))
def test_what_is_typed_never_stands_in_the_text(signal: object, template: str, literal: str) -> None:
    """Literals are parameters: the SQL is the same for every word of a form."""
    marked = f"zq{literal}qz"
    try:
        condition = compile_query(template.format(marked), signal, now_ns=NOW_NS)  # type: ignore[arg-type]
    except QueryError:
        return

    assert "zq" not in condition.sql
    assert "qz" not in condition.sql
    assert "zq" in repr(condition.parameters.values)


@given(st.one_of(st.text(max_size=60), PIECES))
def test_whatever_is_typed_compiles_or_is_an_error_of_ours(query: str) -> None:
    """Nothing else is raised for logs or spans."""
    columns = []
    for signal in (LOGS, SPANS):
        try:
            compile_query(query, signal, now_ns=NOW_NS)
        except QueryError as error:
            columns.append(error.column)

    assert all(0 <= column <= len(query) + 1 for column in columns)


@pytest.mark.parametrize(
    ("query", "column", "what"),
    [
        ("level:loud", 7, "no level"),
        ("service>checkout", 1, "is text"),
        ("order_id>many", 10, "no number"),
        ("order_id>1e999", 10, "no number"),
        ("since:yesterday", 7, "no time"),
        ("since:2h OR a", 1, "bounds the whole query"),
        ("-since:2h", 2, "bounds the whole query"),
        ("a has:since", 7, "takes a time"),
        ("since:[1h, 2h]", 1, "one time"),
        ("since>2h", 1, "one time"),
        ("since:2026-11-29", 7, "in the future"),
        ("since:1h until:2h", 0, "not before"),
        ("since:99999999999999d", 7, "no time"),
    ],
)
def test_a_value_that_does_not_fit_its_key_is_named(query: str, column: int, what: str) -> None:
    """The column is that of the value, or of the key where no value fits."""
    with pytest.raises(QueryError, match=what) as caught:
        compile_query(query, LOGS, now_ns=NOW_NS)

    assert caught.value.column == column


@pytest.mark.parametrize("duration", ["long", "-5ms", "1e30s", "5 ms", "5y"])
def test_a_duration_is_a_number_with_a_unit(duration: str) -> None:
    """What the column cannot hold is refused."""
    with pytest.raises(QueryError, match="no duration"):
        compile_query(f'duration>"{duration}"', SPANS, now_ns=NOW_NS)


@pytest.mark.parametrize(
    ("query", "since_ns", "until_ns"),
    [
        ("a", NOW_NS + 1 - HOUR_NS, NOW_NS + 1),
        ("a since:2h", NOW_NS - 2 * HOUR_NS, NOW_NS + 1),
        ("since:1d until:6h", NOW_NS - 24 * HOUR_NS, NOW_NS - 6 * HOUR_NS),
        ("until:6h", NOW_NS - 7 * HOUR_NS, NOW_NS - 6 * HOUR_NS),
        ("since:2026-11-28T11:00", NOW_NS - HOUR_NS, NOW_NS + 1),
        ("since:2026-11-28T12:30+02:00 until:now", NOW_NS - 90 * 60 * 10**9, NOW_NS + 1),
        ("since:9999w", 0, NOW_NS + 1),
    ],
)
def test_a_query_looks_back_an_hour_or_as_it_says(query: str, since_ns: int, until_ns: int) -> None:
    """Without an offset a time is UTC."""
    time = compile_query(query, LOGS, now_ns=NOW_NS).time

    assert (time.since_ns, time.until_ns) == (since_ns, until_ns)
