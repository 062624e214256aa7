"""A query of telemetry as a page shows it: its filters, times to choose from, facets that narrow it, and its error."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Final

from outrider.model import RecordKind
from outrider.telemetry_store import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.model import Facet, OutriderError, TelemetryReader
    from outrider.telemetry_store import QueryText

    Address = Callable[[str], str]

TIMES: Final = (("15m", "15 min"), ("", "1 h"), ("6h", "6 h"), ("1d", "1 d"), ("7d", "7 d"))
"""Values of `since` and their names; the last hour is usual."""

_SAMPLE: Final = 100_000
_MOST_FACETS: Final = 8
_KEYS: Final = {RecordKind.LOGS: ("level", "service"), RecordKind.SPANS: ("service", "status", "kind", "name")}


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A part of a query, and where it leads to be without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a key, how many records have it, and where a query narrowed to it, or to all others, leads."""

    text: str
    count: int
    only: str
    excluded: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FacetView:
    """The most frequent values of a key."""

    key: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """A time to look back, and where it leads."""

    name: str
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class QueryProblem:
    """Why a query has no answer.

    Attributes:
        help: What to do; of a query that cannot be understood, where, with a mark below it.
        column: Counted from one; 0 where it is about all of the query.
    """

    what: str
    help: str
    column: int = 0


def query_problem(error: OutriderError) -> QueryProblem:
    """Return an error as a page says it."""
    if isinstance(error, QueryError):
        return QueryProblem(error.what, dedent(f"  {error.fix}"), error.column)  # as a terminal indents it
    return QueryProblem(error.what, error.fix)


def filter_chips(query: QueryText, address: Address) -> tuple[FilterChip, ...]:
    """Return the parts of a query."""
    return tuple(FilterChip(part.text, address(query.without(part))) for part in query.filters)


def time_choices(query: QueryText, address: Address) -> tuple[TimeChoice, ...]:
    """Return times to look back."""
    has_time = len(query.filters) < len(query.parts)
    return tuple(
        TimeChoice(name, address(query.during(since)), query.since == since if since else not has_time)
        for since, name in TIMES
    )


def facet_views(
    reader: TelemetryReader,
    kind: RecordKind,
    query: QueryText,
    *,
    time_ns: tuple[int, int],
    total: int,
    address: Address,
) -> tuple[tuple[FacetView, ...], int]:
    """Return facets of what a query finds, and of how many of the newest records they count; 0 for all."""
    keys = facet_keys(reader, kind, time_ns)
    counted = reader.facet_counts(kind, str(query), keys, newest=_SAMPLE) if total else []
    facets = (FacetView(facet.key, tuple(_values(facet, query, address))) for facet in counted)
    return tuple(facet for facet in facets if facet.values), _SAMPLE if total > _SAMPLE else 0


def facet_keys(reader: TelemetryReader, kind: RecordKind, time_ns: tuple[int, int]) -> list[str]:
    """Return the keys whose values are counted: those of every record, and the most frequent attributes of a time."""
    common = [facet.key for facet in reader.facets(kind, *time_ns)]
    return list(dict.fromkeys([*_KEYS[kind], *common[:_MOST_FACETS]]))


def _values(facet: Facet, query: QueryText, address: Address) -> Iterator[FacetValue]:
    for text, count in facet.values:
        if narrowed := query.also(facet.key, text):  # empty where no query can name the key
            excluded = query.also(facet.key, text, excluded=True)
            yield FacetValue(text, count, address(narrowed), address(excluded), narrowed == str(query))
