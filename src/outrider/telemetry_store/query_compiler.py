"""Compiles a query to a condition of ClickHouse's SQL; what was written becomes parameters, never text.

The forms are those that the indices serve: words by `hasAllTokens` over `lower(…)`, attributes by `has` over `Items`,
identifiers by equality.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never
from typing import Any as Anything

from outrider.telemetry_store.query_fields import LEVELS, FieldKind
from outrider.telemetry_store.query_grammar import parse_query
from outrider.telemetry_store.query_terms import All, Any, Comparison, Exists, KeyTerm, Not, QueryError, Text
from outrider.telemetry_store.query_time import TimeRange, time_range

if TYPE_CHECKING:
    from outrider.telemetry_store.query_fields import Field, Signal
    from outrider.telemetry_store.query_terms import Term, Value

_TOKEN = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_ASCII_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""The engine's `lower` changes nothing else, and neither does its index."""

_UNITS_NS: Final = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_NUMBER = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(ns|us|µs|ms|s|m|h)?")
_NEGATIVE: Final = {Comparison.UNEQUAL}
_MOST_NS = 2**62
_LEVELS_OF_A_NAME = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """What a query asks, as SQL with its parameters, and of which time.

    Attributes:
        keys: What it asks about; None if words are searched, too.
    """

    sql: str
    parameters: Parameters
    time: TimeRange
    keys: frozenset[str] | None


def compile_query(text: str, signal: Signal, *, now_ns: int) -> Condition:
    """Return the condition that a query means.

    Args:
        text: As people write it.
        signal: What is searched.
        now_ns: From which `since:2h` counts.

    Raises:
        QueryError: Where it cannot be understood.
    """
    time, term = time_range(text, parse_query(text), now_ns=now_ns)
    parameters = Parameters()
    sql = _Compiler(text, signal, parameters).condition(term)
    return Condition(sql, parameters, time, _keys(term, signal))


def _keys(term: Term, signal: Signal) -> frozenset[str] | None:
    match term:
        case Text():
            return None
        case KeyTerm(key=key) | Exists(key=key):
            return frozenset({signal.names.get(key, key)})
        case Not(inner):
            return _keys(inner, signal)
        case All(terms) | Any(terms):
            parts = [_keys(part, signal) for part in terms]
            known = [part for part in parts if part is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case _:
            assert_never(term)


class Parameters:
    """Values of a statement, by the names that stand for them in its text."""

    def __init__(self) -> None:
        self.values: dict[str, Anything] = {}

    def add(self, value: Anything, kind: str) -> str:
        """Return what stands for a value of a type of ClickHouse."""
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


class _Compiler:
    """Compiles the terms of one query."""

    def __init__(self, text: str, signal: Signal, parameters: Parameters) -> None:
        self._query = text
        self._signal = signal
        self._parameter = parameters.add

    def condition(self, term: Term) -> str:
        """Return the condition of a term."""
        match term:
            case All(terms):
                return self._joined(terms, " AND ", "1")
            case Any(terms):
                return self._joined(terms, " OR ", "0")
            case Not(inner):
                return f"NOT ({self._excluded(inner)})"
            case Text(value):
                return _any_of([self._words(column, value) for column in self._signal.words])
            case Exists(key, _):
                return self._exists(key)
            case KeyTerm():
                return self._key_term(term)
            case _:
                assert_never(term)

    def _joined(self, terms: tuple[Term, ...], word: str, nothing: str) -> str:
        return word.join(f"({self.condition(term)})" for term in terms) or nothing

    def _words(self, column: str, value: Value) -> str:
        """Return whether a text has the words of a value, and as they stand there where it is more than one word."""
        lowered = value.text.translate(_ASCII_LOWER)
        if value.is_pattern:
            return f"lower({column}) LIKE {self._parameter(f'%{_pattern(lowered)}%', 'String')}"
        tokens = _TOKEN.findall(lowered)
        conditions = []
        if tokens:
            conditions.append(f"hasAllTokens(lower({column}), {self._parameter(tokens, 'Array(String)')})")
        if tokens != [lowered]:
            conditions.append(f"position(lower({column}), {self._parameter(lowered, 'String')}) > 0")
        return " AND ".join(conditions)

    def _exists(self, key: str) -> str:
        field = self._signal.field(key)
        if field is not None:
            return f"{field.column} != {'0' if field.parameter != 'String' else chr(39) * 2}"
        name = self._parameter(key, "String")
        return _any_of([f"mapContains({attributes}, {name})" for attributes in self._signal.attributes])

    def _key_term(self, term: KeyTerm) -> str:
        field = self._signal.field(term.key)
        condition_of = self._field_value if field is not None else self._attribute_value
        if term.comparison is Comparison.UNEQUAL:
            equal = KeyTerm(term.key, Comparison.EQUAL, term.values, term.column)
            return f"NOT ({self._excluded(equal)})"
        return _any_of([condition_of(term, value) for value in term.values])

    def _excluded(self, term: Term) -> str:
        """Return what a negation is of: no index finds records without an attribute, so that its key alone is read."""
        if not isinstance(term, KeyTerm) or term.comparison is not Comparison.EQUAL or self._signal.field(term.key):
            return self.condition(term)
        return _any_of([self._attribute_text(term, value) for value in term.values])

    def _attribute_text(self, term: KeyTerm, value: Value) -> str:
        if value.is_pattern or not value.text:  # a key that is not there reads as empty, too
            return self._attribute_value(term, value)
        name, text = self._parameter(term.key, "String"), self._parameter(value.text, "String")
        return _any_of([f"{attributes}[{name}] = {text}" for attributes in self._signal.attributes])

    def _field_value(self, term: KeyTerm, value: Value) -> str:
        field = self._signal.field(term.key)
        assert field is not None
        match field.kind:
            case FieldKind.LEVEL:
                return self._level(field, term.comparison, value)
            case FieldKind.DURATION:
                bound = self._parameter(self._duration_ns(value), field.parameter)
                return f"{field.column} {term.comparison} {bound}"
            case FieldKind.NUMBER:
                bound = self._parameter(self._number(value), "Float64")
                return f"{field.column} {term.comparison} {bound}"
            case FieldKind.IDENTIFIER:
                self._check_equality(term)
                text = value.text.lower().replace("-", "")
                if value.is_pattern:
                    return f"{field.column} LIKE {self._parameter(_pattern(text), 'String')}"
                return f"{field.column} = {self._parameter(text, 'String')}"
            case FieldKind.TEXT:
                self._check_equality(term)
                return self._text(field, value)
            case _:
                assert_never(field.kind)

    def _text(self, field: Field, value: Value) -> str:
        if field.words:
            return self._words(field.column, value)
        if value.is_pattern:
            return f"{field.column} ILIKE {self._parameter(_pattern(value.text), 'String')}"
        if field.column in {"StatusCode", "SpanKind", "Origin"}:  # few values: their case is no one's concern
            return f"lower({field.column}) = {self._parameter(value.text.translate(_ASCII_LOWER), 'String')}"
        return f"{field.column} = {self._parameter(value.text, 'String')}"

    def _level(self, field: Field, comparison: Comparison, value: Value) -> str:
        first = LEVELS.get(value.text.lower())
        if first is None:
            raise self._refusal(f"{value.text!r} is no level", value, f"write one of {', '.join(LEVELS)}")
        last = first + _LEVELS_OF_A_NAME if first else 0
        if comparison is Comparison.EQUAL:
            least, most = (self._parameter(number, field.parameter) for number in (first, last))
            return f"{field.column} BETWEEN {least} AND {most}"
        number = last if comparison in {Comparison.ABOVE, Comparison.AT_MOST} else first
        return f"{field.column} {comparison} {self._parameter(number, field.parameter)}"

    def _attribute_value(self, term: KeyTerm, value: Value) -> str:
        if term.comparison is not Comparison.EQUAL:
            return self._attribute_number(term, value)
        if not value.is_pattern:
            return f"has(Items, {self._parameter(f'{term.key}={value.text}', 'String')})"
        name, pattern = self._parameter(term.key, "String"), self._parameter(_pattern(value.text), "String")
        maps = self._signal.attributes
        return _any_of([f"mapContains({m}, {name}) AND {m}[{name}] ILIKE {pattern}" for m in maps])

    def _attribute_number(self, term: KeyTerm, value: Value) -> str:
        number = self._number(value)
        name, bound = self._parameter(term.key, "String"), self._parameter(number, "Float64")
        maps = self._signal.attributes
        return _any_of([f"ifNull(toFloat64OrNull({m}[{name}]) {term.comparison} {bound}, 0)" for m in maps])

    def _number(self, value: Value) -> float:
        """Return a number; one with a unit of time in milliseconds."""
        match = _NUMBER.fullmatch(value.text)
        number = float(match[1]) * (_UNITS_NS[match[2]] / 1e6 if match[2] else 1) if match else math.nan
        if not math.isfinite(number):
            raise self._refusal(f"{value.text!r} is no number", value, "write a number, or a duration such as 500ms")
        return number

    def _duration_ns(self, value: Value) -> int:
        match = _NUMBER.fullmatch(value.text)
        number = float(match[1]) * _UNITS_NS[match[2] or "ms"] if match else math.nan
        if not 0 <= number <= _MOST_NS:
            raise self._refusal(
                f"{value.text!r} is no duration", value, "write a number and a unit, such as 500ms or 2s"
            )
        return round(number)

    def _check_equality(self, term: KeyTerm) -> None:
        if term.comparison is not Comparison.EQUAL:
            what = f"{term.key} is text, which {term.comparison} does not compare"
            raise QueryError(what, text=self._query, column=term.column, fix=f"write {term.key}:value")

    def _refusal(self, what: str, value: Value, fix: str) -> QueryError:
        return QueryError(what, text=self._query, column=value.column, fix=fix)


def _any_of(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " OR ".join(f"({condition})" for condition in conditions)


def _pattern(text: str) -> str:
    """Return a pattern of LIKE in which `*` is any characters."""
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")
