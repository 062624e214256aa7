"""What is counted of the records that a query finds: `count`, `p95(duration)`, by keys and by time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.telemetry_store.query_fields import FieldKind
from outrider.telemetry_store.query_terms import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.telemetry_store.query_compiler import Parameters
    from outrider.telemetry_store.query_fields import Signal

MOST_KEYS: Final = 3
_MEASURE = re.compile(r"\s*([a-z]+|p[0-9]{1,2}(?:\.[0-9]{1,3})?)\s*(?:\(\s*([^()\s]*)\s*\))?\s*")
_OF_NUMBERS: Final = ("sum", "avg", "min", "max")
_FIX: Final = "write count, rate, errors, or sum, avg, min, max, uniq, p50 to p99.9 of a key: p95(duration)"


def measure_sql(measure: str, signal: Signal, parameters: Parameters, *, seconds: float) -> str:
    """Return the expression of a measure, a number or NULL.

    Args:
        measure: As it is written.
        signal: What is measured.
        parameters: Where its values go.
        seconds: Length of a period, by which a rate divides.

    Raises:
        QueryError: If it is none.
    """
    match = _MEASURE.fullmatch(measure)
    if match is None:
        raise QueryError(f"{measure!r} is no measure", text=measure, column=1, fix=_FIX)
    name, key = match[1], match[2] or ""
    if name == "rate" and not key:
        return f"{signal.count()} / {parameters.add(max(seconds, 1e-9), 'Float64')}"
    if name == "count" and not key:
        return f"toFloat64({signal.count()})"
    if name == "errors" and not key:
        return f"toFloat64({signal.count(signal.failed)})"
    if not key:
        raise QueryError(f"{measure!r} is no measure", text=measure, column=1, fix=_FIX)
    if name == "uniq":
        return f"toFloat64(uniq({key_sql(key, signal, parameters)}))"
    value = number_sql(key, signal, parameters)
    if name in _OF_NUMBERS:
        return _of_numbers(name, value, signal.weight)
    if name[1:] and name[1:].replace(".", "").isdigit():
        return _quantile(float(name[1:]) / 100, value, signal.weight)
    raise QueryError(f"{measure!r} is no measure", text=measure, column=1, fix=_FIX)


def _of_numbers(name: str, value: str, weight: str) -> str:
    if not weight or name in {"min", "max"}:
        return f"{name}OrNull({value})"
    total = f"sumOrNull({value} * {weight})"
    return total if name == "sum" else f"{total} / sumIf({weight}, isNotNull({value}))"


def _quantile(share: float, value: str, weight: str) -> str:
    known = f"isNotNull({value})"
    if not weight:
        return f"quantileDDOrNullIf(0.01, {share!r})(assumeNotNull({value}), {known})"
    number = f"assumeNotNull({value})"
    near = f"sign({number}) * exp(round(log(abs({number})) / {_STEP}) * {_STEP})"
    return f"quantileExactWeightedOrNullIf({share!r})(if({number} = 0, 0, {near}), {weight}, {known})"


_STEP: Final = 0.0199
"""Of logarithms: numbers that are rounded to it are within 1 %, and few enough to be counted one by one."""


def key_sql(key: str, signal: Signal, parameters: Parameters) -> str:
    """Return a key's value as text: a column, or an attribute of the record before one of its resource."""
    field = signal.field(key)
    if field is None:
        name = parameters.add(key, "String")
        nearest, *others = signal.attributes
        sql = f"{nearest}[{name}]"
        for attributes in others:
            sql = f"if({sql} != '', {sql}, {attributes}[{name}])"  # `mapContains` would read all keys
        return sql
    if field.kind is FieldKind.LEVEL:
        return f"arrayElement({_LEVEL_NAMES}, least(intDiv({field.column} + 3, 4), 6) + 1)"
    return f"toString({field.column})"


_LEVEL_NAMES: Final = "['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal']"


def number_sql(key: str, signal: Signal, parameters: Parameters) -> str:
    """Return a key's value as a number that may be NULL; durations in milliseconds."""
    field = signal.field(key)
    if field is not None and field.kind is FieldKind.DURATION:
        return f"toNullable({field.column} / 1e6)"
    if field is not None and field.kind is FieldKind.LEVEL:
        return f"toNullable(toFloat64({field.column}))"
    return f"toFloat64OrNull({key_sql(key, signal, parameters)})"


def check_keys(keys: Sequence[str]) -> None:
    """Refuse more keys than anybody reads.

    Raises:
        QueryError: If there are too many, or one is empty.
    """
    text = ", ".join(keys)
    if len(keys) > MOST_KEYS:
        raise QueryError(f"more than {MOST_KEYS} keys", text=text, column=0, fix="group by fewer")
    if any(not key.strip() for key in keys):
        raise QueryError("a key is empty", text=text, column=0)
