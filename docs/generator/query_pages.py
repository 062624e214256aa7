"""The language of queries over telemetry and issues, as the program reads it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from outrider.errors.issue_search import ISSUE_FIELDS, ISSUE_STATES
from outrider.model import IssueOrder
from outrider.telemetry_store.query_fields import LEVELS, LOGS, SPANS
from outrider.telemetry_store.query_grammar import MOST_CHARACTERS, MOST_NESTING, MOST_TERMS
from outrider.telemetry_store.query_terms import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrider.telemetry_store.query_fields import Signal


def queries_page() -> str:
    """Return the page of keys, comparisons and limits."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _QUERIES
    yield from _columns("logs", LOGS)
    yield from _columns("spans", SPANS)
    comparisons = ", ".join(f"`{comparison.value}`" for comparison in Comparison)
    yield f"\n## Comparisons\n\n{comparisons}"
    yield "\n## Levels\n\n| level | in OpenTelemetry from | also written |\n|---|---|---|"
    for number, names in groupby(sorted(LEVELS, key=lambda name: LEVELS[name]), key=lambda name: LEVELS[name]):
        first, *others = names
        yield f"| `{first}` | {number} | {', '.join(f'`{name}`' for name in others)} |"
    yield "\n## Limits\n\n| of a query | at most |\n|---|---|"
    yield f"| characters | {MOST_CHARACTERS} |\n| terms | {MOST_TERMS} |"
    yield f"| parentheses within each other | {MOST_NESTING} |"
    yield f"\n## Keys of issues\n\n`outrider errors` and its page take words, tags, and {_code(ISSUE_FIELDS)}."
    yield f"\n`is:` takes {_code(ISSUE_STATES)}. `sort:` takes {_code(IssueOrder)}."


_QUERIES = """# Queries

What stands before a `:` or a comparison in a query over [telemetry](../telemetry.md#queries), with examples there. A
key that is listed is a column; every other key is an attribute of the record, the span or the resource."""


def _columns(name: str, signal: Signal) -> Iterator[str]:
    yield f"\n## Keys of {name}\n\nWords without a key are searched in {_code(_keys_of(signal))}.\n"
    yield "| key | compared as | also written |\n|---|---|---|"
    for key, field in signal.fields.items():
        others = [other for other, own in signal.names.items() if own == key]
        yield f"| `{key}` | {field.kind.value} | {_code(others)} |"


def _keys_of(signal: Signal) -> list[str]:
    return [key for key, field in signal.fields.items() if field.column in signal.words]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
