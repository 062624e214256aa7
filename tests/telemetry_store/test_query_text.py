"""Queries that a page changes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.telemetry_store.test_query_grammar import PIECES

from outrider.telemetry_store import QueryError, QueryText
from outrider.telemetry_store.query_grammar import parse_query
from outrider.telemetry_store.query_terms import KeyTerm


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        ("", "service:shop"),
        ("timeout since:2h", "timeout since:2h service:shop"),
        ("a OR b", "(a OR b) service:shop"),
        ("(a OR b) -c", "(a OR b) -c service:shop"),
        ("service:shop x", "service:shop x"),
    ],
)
def test_a_query_is_narrowed_by_a_value(text: str, narrowed: str) -> None:
    """Alternatives get parentheses; a value that is there already is not repeated."""
    assert QueryText(text).also("service", "shop") == narrowed


def test_another_time_takes_the_place_of_the_one_before() -> None:
    """Wherever it stands; without a time the query is of the last hour."""
    query = QueryText('since:2h "timed out" until:1h level:error')

    assert query.during("6h") == '"timed out" level:error since:6h'
    assert query.during("") == '"timed out" level:error'
    assert (query.since, QueryText("a since:3d").since) == ("", "3d")


def test_a_part_is_taken_out() -> None:
    """The others stay as they were written."""
    query = QueryText('NOT (a b) -path:[/x, "/y z"] c')

    assert query.without(query.filters[1]) == "NOT (a b) c"
    assert [part.key for part in query.filters] == ["", "path", ""]


def test_a_key_that_no_query_can_name_gives_none() -> None:
    """Attributes may be called anything."""
    assert QueryText("a").also("two words", "x") == ""


@given(st.text(min_size=1, max_size=40))
def test_every_value_is_written_so_that_it_is_read_as_itself(value: str) -> None:
    """Also quotes, stars, slashes and brackets."""
    term = parse_query(QueryText("").also("key", value))

    assert isinstance(term, KeyTerm)
    [read] = term.values
    assert read.text == value
    assert not read.is_pattern


@given(PIECES)
@example('a OR""')
@example('OR""')
def test_a_query_that_was_narrowed_can_be_understood(text: str) -> None:
    """Whatever it was before."""
    try:
        query = QueryText(text)
    except QueryError:
        return

    parse_query(query.also("service", "a b"))
    parse_query(query.during("5m"))
