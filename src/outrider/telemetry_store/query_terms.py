"""What a query means: terms joined by and, or, not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outrider.model import UsageError


class QueryError(UsageError):
    """A query that cannot be understood; `column` counts from one, zero means all of it."""

    def __init__(self, what: str, *, text: str, column: int, fix: str = "") -> None:
        self.text = text
        self.column = column
        pointer = f"{_shown(text, column)}\n  {fix}" if fix else _shown(text, column)
        place = f"column {column}: " if column else ""
        super().__init__(f"{place}{what}", slug="bad-query", fix=pointer)


_AROUND = 60


def _shown(text: str, column: int) -> str:
    """Return what is around a column, with a mark below it."""
    start = max(0, column - 1 - _AROUND)
    excerpt = text[start : column - 1 + _AROUND] if column else text[: 2 * _AROUND]
    line = "".join(character if character.isprintable() else " " for character in excerpt)
    return f"{line}\n  {' ' * (column - 1 - start)}^" if column else line


class Comparison(StrEnum):
    """How a key is compared with its value."""

    EQUAL = "="
    UNEQUAL = "!="
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written; a star in a quoted one is a star, in another any characters."""

    text: str
    column: int
    is_quoted: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether it matches more than itself."""
        return not self.is_quoted and "*" in self.text


@dataclass(frozen=True, slots=True)
class Text:
    """A word, or a phrase in quotes, in what a record says."""

    value: Value


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """`key:value`, `key:[one, two]`, `key>=value`; one value of several is enough."""

    key: str
    comparison: Comparison
    values: tuple[Value, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Exists:
    """`has:key`, `key:*`."""

    key: str
    column: int


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match."""

    term: Term


@dataclass(frozen=True, slots=True)
class All:
    """What matches every term; everything where there is none."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """What matches a term."""

    terms: tuple[Term, ...]


Term = Text | KeyTerm | Exists | Not | All | Any
