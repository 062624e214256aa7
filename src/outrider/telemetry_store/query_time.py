"""The time that a query asks of: `since:2h`, `until:2026-11-28T12:00`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.telemetry_store.query_terms import All, Any, Comparison, Exists, KeyTerm, Not, QueryError

if TYPE_CHECKING:
    from outrider.telemetry_store.query_terms import Term, Value

USUAL_NS: Final = 3600 * 10**9
"""How far back a query looks that says nothing of time: an hour."""

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"([0-9]{1,6})(s|m|h|d|w)")
_KEYS: Final = frozenset({"since", "until"})


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `since_ns` on, before `until_ns`."""

    since_ns: int
    until_ns: int


def time_range(text: str, term: Term, *, now_ns: int) -> tuple[TimeRange, Term]:
    """Return the time that a query names, an hour up to now if it names none, and the query without it.

    Raises:
        QueryError: If it is no time, lies in the future, is empty, or is part of an alternative.
    """
    terms = term.terms if isinstance(term, All) else (term,)
    bounds: dict[str, int] = {}
    others = []
    for part in terms:
        if isinstance(part, KeyTerm) and part.key in _KEYS:
            bounds[part.key] = _moment(text, part, now_ns)
        else:
            _check_without_time(text, part)
            others.append(part)
    until_ns = bounds.get("until", now_ns + 1)
    since_ns = bounds.get("since", until_ns - USUAL_NS)
    if since_ns >= until_ns:
        raise QueryError("since is not before until", text=text, column=0, fix="widen the time")
    return TimeRange(since_ns, until_ns), others[0] if len(others) == 1 else All(tuple(others))


def _moment(text: str, term: KeyTerm, now_ns: int) -> int:
    if len(term.values) > 1 or term.comparison is not Comparison.EQUAL:
        raise QueryError(f"{term.key} takes one time", text=text, column=term.column, fix=_FIX)
    [value] = term.values
    if value.text == "now":
        return now_ns + 1
    match = _AGO.fullmatch(value.text)
    moment_ns = now_ns - int(match[1]) * _UNITS_S[match[2]] * 10**9 if match else _at(text, value)
    if term.key == "since" and moment_ns > now_ns:
        raise QueryError(f"since:{value.text} lies in the future", text=text, column=value.column, fix=_FIX)
    return max(0, moment_ns)


_FIX = "write a duration before now, such as 2h, or a time such as 2026-11-28T12:00 (UTC unless it names an offset)"


def _at(text: str, value: Value) -> int:
    try:
        moment = datetime.fromisoformat(value.text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = aware.timestamp()
    except (ValueError, OverflowError):
        raise QueryError(f"{value.text!r} is no time", text=text, column=value.column, fix=_FIX) from None
    return round(seconds * 1e6) * 1000


def _check_without_time(text: str, term: Term) -> None:
    match term:
        case KeyTerm(key, _, _, column) if key in _KEYS:
            raise QueryError(
                f"{key} bounds the whole query", text=text, column=column, fix="write it outside of OR and NOT"
            )
        case Exists(key, column) if key in _KEYS:
            raise QueryError(f"{key} takes a time", text=text, column=column, fix=_FIX)
        case All(terms) | Any(terms):
            for part in terms:
                _check_without_time(text, part)
        case Not(inner):
            _check_without_time(text, inner)
        case _:
            pass
