"""The expectations that a file states for an HTTP answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import regex

from outrider.model import bounded
from outrider.probes.text_checks import Comparison, Query, Schema, TextChecks
from outrider.probes.text_evaluation import OPERATORS
from outrider.workspace import (
    Refused,
    Table,
    as_count,
    as_duration,
    as_table,
    as_text,
    as_texts,
    is_credential_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrider.probes.probe_table import ProbeTable

_NAME = regex.compile(r"[A-Za-z_][\w-]*")
_UNCHECKED = TextChecks()
_OF_BODY = {"contains", "absent", "matches", "json", "exists", "schema"}
PHASES = ("redirects", "dns", "connect", "tls", "first_byte", "transfer")
_FINE = (range(200, 400),)
_CLASSES = {f"{first}xx": range(first * 100, first * 100 + 100) for first in range(1, 6)}
_STATUS_FIX = 'write 200, "2xx", or a list of such'


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must be; what is absent is not checked.

    Attributes:
        status: Any of these; 200 to 399 by default.
        headers: By name, in small letters, the checks of the value.
        body: The checks of the body.
        within_ms: The longest that a phase, or "total", may take.
        certificate_days: The least that the certificate is still valid.
    """

    status: tuple[range, ...] = _FINE
    headers: tuple[tuple[str, TextChecks], ...] = ()
    body: TextChecks = _UNCHECKED
    within_ms: Mapping[str, float] = field(default_factory=dict)
    certificate_days: float | None = None


def read_expectation(entry: ProbeTable, *, has_body: bool = True) -> Expectation:
    """Read the table `expect` of a probe or request; report problems to it.

    Args:
        has_body: Whether the answer has a body, which that of HEAD has not.
    """
    table = entry.table.section("expect")
    body = read_text_checks(table, entry.root)
    expectation = Expectation(
        status=table.read("status", as_statuses, _FINE),
        headers=_headers(table),
        body=body,
        within_ms=read_within(table, (*PHASES, "total")),
        certificate_days=table.read("certificate_days", as_count(0, 3650), None),
    )
    table.close()
    if body and not has_body:
        for key in sorted(_OF_BODY & set(table.data)):
            fix = 'write method = "GET", or expect only status and headers'
            table.report(key, "is about a body, and an answer to HEAD has none", fix, "head-has-no-body")
    return expectation


def read_text_checks(table: Table, root: Path, subject: str = "the body") -> TextChecks:
    """Read what a text has to be: `contains`, `absent`, `matches`, `json`, `exists` and `schema`."""
    return TextChecks(
        subject=subject,
        contains=table.read("contains", as_texts, ()),
        absent=table.read("absent", as_texts, ()),
        matches=table.read("matches", as_patterns, ()),
        json=_json(table),
        exists=table.read("exists", as_queries, ()),
        schema=table.read("schema", lambda value: as_schema(value, root), None),
    )


def read_within(table: Table, phases: tuple[str, ...]) -> dict[str, float]:
    """Read how long each phase may take, in ms."""
    within = table.section("within")
    limits = {phase: within.read(phase, as_duration, None) for phase in phases}
    within.close()
    return {phase: seconds * 1000 for phase, seconds in limits.items() if seconds is not None}


def as_statuses(value: object) -> tuple[range, ...]:
    """Accept a status, a class of them such as "2xx", or a list."""
    return tuple(_status(status) for status in (value if isinstance(value, list) and value else [value]))


def _status(value: object) -> range:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 100 <= value <= 599:
            raise Refused("is no status of HTTP", "write a number from 100 to 599", "out-of-range")
        return range(value, value + 1)
    if isinstance(value, str) and value in _CLASSES:
        return _CLASSES[value]
    raise Refused("is no status of HTTP", _STATUS_FIX)


def as_pattern(value: object) -> regex.Pattern[str]:
    """Accept a regular expression."""
    try:
        return regex.compile(as_text(value))
    except (regex.error, RecursionError, OverflowError) as error:
        raise Refused(f"is not a regular expression: {error}", "correct the pattern", "bad-pattern") from None


def as_patterns(value: object) -> tuple[regex.Pattern[str], ...]:
    """Accept a regular expression, or a list of them."""
    return tuple(as_pattern(text) for text in as_texts(value))


def as_query(value: object) -> Query:
    """Accept a JSONPath."""
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415  costs start-up, and few probes need it

    try:
        return Query(as_text(value))
    except (JSONPathError, RecursionError, OverflowError, ValueError) as error:
        fix = 'write a JSONPath (RFC 9535), such as "$.items[0].name"'
        raise Refused(f"is not a JSONPath: {error}", fix, "bad-jsonpath") from None


def as_queries(value: object) -> tuple[Query, ...]:
    """Accept a JSONPath, or a list of them."""
    return tuple(as_query(text) for text in as_texts(value))


_WHY = {
    RecursionError: "it nests too deeply",
    OverflowError: "a number is too large",
    ValueError: "a number is too large",
}


def as_schema(value: object, root: Path) -> Schema:
    """Accept a JSON Schema, in place or as the path of a file."""
    from jsonschema import SchemaError  # noqa: PLC0415  costs start-up, and few probes need it

    document: Any = as_table(value) if isinstance(value, dict) else _schema_file(root / as_text(value))
    try:
        return Schema(document)
    except (SchemaError, AttributeError, TypeError, RecursionError, OverflowError, ValueError) as error:
        what = error.message if isinstance(error, SchemaError) else _WHY.get(type(error), "it is no table")
        raise Refused(f"is not a JSON Schema: {bounded(what, 200)}", "correct the schema", "bad-schema") from None


def _schema_file(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except OSError:
        fix = "write a schema, or the path of its file from the root of the workspace"
        raise Refused("is not a file that can be read", fix, "missing-file") from None
    except (ValueError, RecursionError):
        raise Refused("is not a file of JSON", "correct the file", "bad-schema") from None


def _headers(table: Table) -> tuple[tuple[str, TextChecks], ...]:
    below = table.section("headers")
    read = [(name.lower(), below.read(name, as_pattern, None)) for name in below.data]
    return tuple(
        (name, TextChecks(f"header {name}", matches=(pattern,))) for name, pattern in read if pattern is not None
    )


def _is_secret(path: str) -> bool:
    """Return whether a path ends with the name of a credential."""
    names = _NAME.findall(path)
    return bool(names) and is_credential_name(names[-1])


def _json(table: Table) -> tuple[Comparison, ...]:
    below = table.section("json")
    wanted = []
    for text, value in below.data.items():
        try:
            wanted.append(Comparison(as_query(text), as_conditions(value), _is_secret(text)))
        except Refused as refused:
            below.report(text, refused.what, refused.fix, refused.slug)
    return tuple(wanted)


def as_conditions(value: object) -> tuple[tuple[str, object], ...]:
    """Accept a value to be equal to, or a table of operators such as {">=" = 1, "<" = 10}."""
    if not isinstance(value, dict) or not value or not set(value) <= set(OPERATORS):
        _check_json(value)
        return (("==", value),)
    for operator, limit in value.items():
        _check_json(limit)
        if operator in {"==", "!="} or (isinstance(limit, int | float | str) and not isinstance(limit, bool)):
            continue
        fix = f'write a number or a text, such as {{"{operator}" = 10}}'
        raise Refused(f"compares by {operator} with what has no order", fix)
    return tuple(value.items())


def _check_json(value: object) -> None:
    """Refuse what no document of JSON holds: dates and times of TOML, infinity, and what is not a number."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        fix = 'write a text in quotation marks, such as "2026-01-31"'
        raise Refused("is a date, a time or no number, which JSON does not have", fix) from None
