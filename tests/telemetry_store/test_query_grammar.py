"""The grammar of queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.telemetry_store.query_grammar import MOST_CHARACTERS, MOST_NESTING, parse_query
from outrider.telemetry_store.query_terms import All, Any, Exists, KeyTerm, Not, QueryError, Text


def shown(term: object) -> str:
    """Return a term as text, fully bracketed."""
    match term:
        case All(terms):
            return f"all({' '.join(map(shown, terms))})"
        case Any(terms):
            return f"any({' '.join(map(shown, terms))})"
        case Not(inner):
            return f"not({shown(inner)})"
        case Text(value):
            return repr(value.text)
        case Exists(key):
            return f"has({key})"
        case KeyTerm(key, comparison, values):
            return f"{key}{comparison}{'|'.join(value.text for value in values)}"
    raise AssertionError(term)


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("", "all()"),
        ("timeout", "'timeout'"),
        ('"timed out"', "'timed out'"),
        (r'"a \"quoted\" \\ word"', repr('a "quoted" \\ word')),
        ("a b OR c d", "any(all('a' 'b') all('c' 'd'))"),
        ("a AND b", "all('a' 'b')"),
        ("(a OR b) c", "all(any('a' 'b') 'c')"),
        ("-a !b NOT c", "all(not('a') not('b') not('c'))"),
        ("-(a OR b)", "not(any('a' 'b'))"),
        ("foo-bar a->b 12:30:05", "all('foo-bar' 'a->b' '12:30:05')"),
        ("or and not", "all('or' 'and' 'not')"),
        ("ORDER NOTE", "all('ORDER' 'NOTE')"),
        ("service:checkout", "service=checkout"),
        ("level>=error", "level>=error"),
        ("level:>=error", "level>=error"),
        ("duration:>500ms", "duration>500ms"),
        ("status!=200", "status!=200"),
        ("-path:/healthz", "not(path=/healthz)"),
        ('name:"GET /a b"', "name=GET /a b"),
        ('tenant:[a, "b c",d]', "tenant=a|b c|d"),
        ("http.status_code:5*", "http.status_code=5*"),
        ("has:user has:[a, b]", "all(has(user) any(has(a) has(b)))"),
        ("user:* -user:* user!=*", "all(has(user) not(has(user)) not(has(user)))"),
        ("a:b:c a=b=c k:a[1]", "all(a=b:c a=b=c k=a[1])"),
        ("since:2026-11-28T12:00+01:00", "since=2026-11-28T12:00+01:00"),
    ],
)
def test_a_query_means_what_sentrys_and_hyperdxs_do(query: str, meaning: str) -> None:
    """Terms stand beside each other for and; OR binds less."""
    assert shown(parse_query(query)) == meaning


@pytest.mark.parametrize(
    ("query", "column", "what"),
    [
        ('level:error "unclosed', 13, "quote is not closed"),
        ('a:"b', 3, "quote is not closed"),
        ("a:", 3, "ends too early"),
        ("(a b", 5, "ends too early"),
        ("a OR", 5, "ends too early"),
        ("a b)", 4, "no counterpart"),
        ("()", 2, "nothing in it"),
        ("k:(a OR b)", 3, "no parentheses"),
        ("k:[a", 5, "ends too early"),
        ("k:[]", 4, "not expected"),
        ("k>[a, b]", 2, "one value"),
        ("a OR OR b", 6, "not expected"),
        ("see http://x/y", 5, "an address"),
        ("x" * (MOST_CHARACTERS + 1), 0, "longer than"),
        ("a " * 101, 0, "more than 100 terms"),
        ("(" * 60 + "a" + ")" * 60, MOST_NESTING + 1, "nests"),
        ("-" * 60 + "a", 61, "nests"),
    ],
)
def test_an_error_points_at_the_column(query: str, column: int, what: str) -> None:
    """Whoever types a query sees where it is wrong."""
    with pytest.raises(QueryError, match=what) as caught:
        parse_query(query)

    assert (caught.value.column, caught.value.slug) == (column, "bad-query")


def test_an_error_shows_the_column() -> None:
    """A mark stands below it, also in a long query."""
    with pytest.raises(QueryError) as caught:
        parse_query("x" * 500 + " a OR OR b")

    line, mark = caught.value.fix.splitlines()[:2]
    assert line[mark.index("^") - 2 :].startswith("OR OR b"[3:])


SIGNS = (
    "(",
    ")",
    '"',
    "[",
    "]",
    ",",
    ":",
    "=",
    "!=",
    ">",
    "<",
    ">=",
    "-",
    "!",
    "*",
    "\\",
    " ",
    "\n",
    "\x00",
    "'",
    "%",
    "_",
)
WORDS = (
    "OR",
    "AND",
    "NOT",
    "a",
    "key",
    "5ms",
    "since",
    "2h",
    "level",
    "error",
    "has",
    "@",
    "ü",
    "{x:String}",
    "http://",
)
PIECES = st.lists(st.sampled_from(SIGNS + WORDS), max_size=40).map("".join)


@given(st.one_of(st.text(max_size=60), PIECES))
def test_whatever_is_typed_is_a_query_or_an_error_of_ours(query: str) -> None:
    """Nothing else is raised, and the column lies within what was typed."""
    column = 0
    try:
        parse_query(query)
    except QueryError as error:
        column = error.column

    assert 0 <= column <= len(query) + 1
