"""A query as text that a page changes: narrowed by a value, moved in time, freed of a term."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from outrider.telemetry_store.query_grammar import parse_query, parse_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY: Final = re.compile(r"[A-Za-z_@](?:[\w.\-@/]*\w)?")
_PLAIN: Final = re.compile(r"[\w.\-@/:+]*\w")
_TIMES: Final = frozenset({"since", "until"})


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A term that the whole query requires.

    Attributes:
        key: What it asks about; empty for words, alternatives and what is in parentheses.
    """

    text: str
    key: str


class QueryText:
    """A query that can be understood, and queries near to it.

    Raises:
        QueryError: If it cannot be understood.
    """

    def __init__(self, text: str) -> None:
        parse_query(text)
        self.parts = tuple(_parts(text))

    def __str__(self) -> str:
        return _joined(self.parts)

    @property
    def filters(self) -> tuple[QueryPart, ...]:
        """Its parts but the time."""
        return tuple(part for part in self.parts if part.key not in _TIMES)

    def also(self, key: str, value: str, *, excluded: bool = False) -> str:
        """Return the query narrowed to a value of a key, or to all others; empty if the key cannot be written."""
        if not _KEY.fullmatch(key):
            return ""
        part = f"{'-' if excluded else ''}{key}:{written(value)}"
        return str(self) if any(known.text == part for known in self.parts) else _joined(self.parts, part)

    def saying(self, texts: Iterable[str]) -> str:
        """Return the query narrowed to records that say all of these texts, as they stand there."""
        return _joined(self.parts, *(quoted(text) for text in texts))

    def between(self, key: str, least: str, below: str) -> str:
        """Return the query narrowed to values of a key from `least` on, in place of what it says of the key."""
        return _joined((part for part in self.parts if part.key != key), f"{key}>={least}", f"{key}<{below}")

    def narrowed(self, text: str) -> str:
        """Return the query narrowed to what another one finds, whose time holds if it names one.

        Raises:
            QueryError: If the other one cannot be understood.
        """
        other = QueryText(text)
        times = [part for part in other.parts if part.key in _TIMES] or [
            part for part in self.parts if part.key in _TIMES
        ]
        return _joined([*self.filters, *other.filters, *times])

    def without(self, part: QueryPart) -> str:
        """Return the query without one of its parts."""
        return _joined(known for known in self.parts if known is not part)

    def during(self, since: str, until: str = "") -> str:
        """Return the query of another time; of the last hour if `since` is empty."""
        times = [f"{key}:{value}" for key, value in (("since", since), ("until", until)) if value]
        return _joined(self.filters, *times)

    @property
    def since(self) -> str:
        """What it says of `since`, empty if it says nothing or names an end as well."""
        times = [part for part in self.parts if part.key in _TIMES]
        return times[0].text.partition(":")[2] if len(times) == 1 and times[0].key == "since" else ""


def written(value: str) -> str:
    """Return a value as a query writes it."""
    if _PLAIN.fullmatch(value) and not value.startswith("/" * 2):
        return value
    return quoted(value)


def quoted(text: str) -> str:
    """Return a text in quotes, as a query writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _joined(parts: Iterable[QueryPart], *more: str) -> str:
    return " ".join([*(part.text for part in parts), *more])


def _parts(text: str) -> list[QueryPart]:
    """Return what all of the query requires; alternatives are one part, in parentheses."""
    start: Any = parse_tree(text)
    if not start.children:
        return []
    [top] = start.children
    if top.data == "any_of" and len(top.children) > 1:
        return [QueryPart(f"({text.strip()})", "")]
    terms = top.children[0] if top.data == "any_of" else top
    parts = terms.children if terms.data == "all_of" else [terms]
    return [QueryPart(text[part.meta.start_pos : part.meta.end_pos], _key(part)) for part in parts]


def _key(part: Any) -> str:
    while part.data == "not_":
        part = part.children[0]
    return str(part.children[0]) if part.data in {"key_term", "key_list"} else ""
