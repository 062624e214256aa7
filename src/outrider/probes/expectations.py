"""The expectations that a file states for an HTTP answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import regex

from outrider.workspace import (
    Refused,
    Table,
    as_count,
    as_duration,
    as_table,
    as_text,
    as_texts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jsonpath_rfc9535 import JSONPathQuery

    from outrider.probes.probe_table import ProbeTable

PHASES = ("dns", "connect", "tls", "first_byte", "transfer")
_FINE = (range(200, 400),)
_CLASSES = {f"{first}xx": range(first * 100, first * 100 + 100) for first in range(1, 6)}
_STATUS_FIX = 'write 200, "2xx", or a list of such'


@dataclass(frozen=True, slots=True)
class Query:
    """A JSONPath (RFC 9535) as written and as compiled."""

    text: str
    path: JSONPathQuery = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must be; what is absent is not checked.

    Attributes:
        status: Any of these; 200 to 399 by default.
        headers: By name, in small letters, a pattern that is found in the value.
        contains: Texts that the body holds.
        absent: Texts that it does not hold.
        matches: Patterns that are found in the body.
        json: What every value that a path finds is equal to.
        exists: Paths that find something.
        schema: A validator of JSON Schema.
        within_ms: The longest that a phase, or "total", may take.
        certificate_days: The least that the certificate is still valid.
    """

    status: tuple[range, ...] = _FINE
    headers: tuple[tuple[str, regex.Pattern[str]], ...] = ()
    contains: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    matches: tuple[regex.Pattern[str], ...] = ()
    json: tuple[tuple[Query, object], ...] = ()
    exists: tuple[Query, ...] = ()
    schema: Any = field(default=None, compare=False, repr=False)  # jsonschema has no type of validators
    within_ms: Mapping[str, float] = field(default_factory=dict)
    certificate_days: float | None = None

    @property
    def needs_json(self) -> bool:
        """Whether the body has to be JSON."""
        return bool(self.json or self.exists or self.schema is not None)

    @property
    def needs_body(self) -> bool:
        """Whether the body is checked."""
        return self.needs_json or bool(self.contains or self.absent or self.matches)


def read_expectation(entry: ProbeTable) -> Expectation:
    """Read the table `expect` of a probe or request; report problems to it."""
    table = entry.table.section("expect")
    expectation = Expectation(
        status=table.read("status", as_statuses, _FINE),
        headers=_headers(table),
        contains=table.read("contains", as_texts, ()),
        absent=table.read("absent", as_texts, ()),
        matches=table.read("matches", as_patterns, ()),
        json=_json(table),
        exists=table.read("exists", as_queries, ()),
        schema=table.read("schema", lambda value: as_schema(value, entry.root), None),
        within_ms=read_within(table, (*PHASES, "total")),
        certificate_days=table.read("certificate_days", as_count(0, 3650), None),
    )
    table.close()
    return expectation


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
    except regex.error as error:
        raise Refused(f"is not a regular expression: {error}", "correct the pattern", "bad-pattern") from None


def as_patterns(value: object) -> tuple[regex.Pattern[str], ...]:
    """Accept a regular expression, or a list of them."""
    return tuple(as_pattern(text) for text in as_texts(value))


def as_query(value: object) -> Query:
    """Accept a JSONPath."""
    from jsonpath_rfc9535 import JSONPathError, compile  # noqa: A004, PLC0415  costs start-up, and few probes need it

    text = as_text(value)
    try:
        return Query(text, compile(text))
    except (JSONPathError, RecursionError) as error:
        fix = 'write a JSONPath (RFC 9535), such as "$.items[0].name"'
        raise Refused(f"is not a JSONPath: {error}", fix, "bad-jsonpath") from None


def as_queries(value: object) -> tuple[Query, ...]:
    """Accept a JSONPath, or a list of them."""
    return tuple(as_query(text) for text in as_texts(value))


def as_schema(value: object, root: Path) -> object:
    """Accept a JSON Schema, in place or as the path of a file, and return its validator."""
    from jsonschema import SchemaError  # noqa: PLC0415  costs start-up, and few probes need it
    from jsonschema.validators import validator_for  # noqa: PLC0415

    schema: Any = as_table(value) if isinstance(value, dict) else _schema_file(root / as_text(value))
    try:
        kind = validator_for(schema)
        kind.check_schema(schema)
        return kind(schema)
    except (SchemaError, AttributeError, TypeError) as error:
        what = error.message if isinstance(error, SchemaError) else "it is no table"
        raise Refused(f"is not a JSON Schema: {what[:200]}", "correct the schema", "bad-schema") from None


def _schema_file(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except OSError:
        fix = "write a schema, or the path of its file from the root of the workspace"
        raise Refused("is not a file that can be read", fix, "missing-file") from None
    except (ValueError, RecursionError):
        raise Refused("is not a file of JSON", "correct the file", "bad-schema") from None


def _headers(table: Table) -> tuple[tuple[str, regex.Pattern[str]], ...]:
    below = table.section("headers")
    read = [(name.lower(), below.read(name, as_pattern, None)) for name in below.data]
    return tuple((name, pattern) for name, pattern in read if pattern is not None)


def _json(table: Table) -> tuple[tuple[Query, object], ...]:
    below = table.section("json")
    wanted = []
    for text, value in below.data.items():
        try:
            wanted.append((as_query(text), value))
        except Refused as refused:
            below.report(text, refused.what, refused.fix, refused.slug)
    return tuple(wanted)
