"""The evaluation of checks on a text from a target. Pure; it may take any time and memory, see `Evaluator`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from outrider.probes.report_readers import READERS, ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import regex

    from outrider.probes.text_checks import Comparison, Extraction, Query, Schema, TextChecks

Json: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"

_SHOWN: Final = 80
_REPEATING: Final = frozenset("*+?{")
"""Without these a pattern's work is bounded by its length and the text's; a time-out costs more than the search."""
_SCANNED: Final = 1_000
_TYPES: Final = ((int | float, "number"), (str, "text"), (list, "list"), (dict, "table"))
_ORDERED = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}
OPERATORS = ("==", "!=", *_ORDERED)


class Event(NamedTuple):
    """One event of an evaluation.

    Attributes:
        kind: "at" (an expectation begins), "wrong" (it is not met), "value" (something is extracted), "missing".
        text: The name of the expectation, the reason, or the name of the value.
        value: What is extracted.
    """

    kind: str
    text: str
    value: str = ""


def evaluate(checks: TextChecks, text: str, pattern_s: float | None = None) -> Iterator[Event]:
    """Evaluate checks one after another.

    Raises:
        TimeoutError: If a pattern takes more than `pattern_s` of the processor.
    """
    for wanted in checks.contains:
        if wanted not in text:
            yield Event("wrong", f"{checks.subject} does not contain {shown(wanted)!r}")
    for unwanted in checks.absent:
        if unwanted in text:
            yield Event("wrong", f"{checks.subject} contains {shown(unwanted)!r}")
    for pattern in checks.matches:
        yield Event("at", f"matches {shown(pattern.pattern)}")
        parts = text.split(checks.separator) if checks.separator else [text]
        if not any(finds(pattern, part, pattern_s) for part in parts):
            what = f"no {checks.subject} matches" if checks.separator else f"{checks.subject} does not match"
            yield Event("wrong", f"{what} {shown(pattern.pattern)}")
    if checks.reader:
        yield from _read(checks, text)
    if checks.needs_json or any(extraction.path for extraction in checks.extractions):
        yield from _document(checks, text, pattern_s)
    else:
        yield from _extractions(checks, text, None, pattern_s)


def finds(pattern: regex.Pattern[str], text: str, pattern_s: float | None) -> bool:
    """Return whether a pattern is found.

    Raises:
        TimeoutError: If it takes more than `pattern_s` of the processor.
    """
    if _REPEATING.isdisjoint(pattern.pattern):
        return pattern.search(text) is not None
    return pattern.search(text, timeout=pattern_s, concurrent=False) is not None


def parse_json(text: str) -> Json:
    """Return a document of JSON (RFC 8259), which has neither NaN nor Infinity.

    Raises:
        ValueError: If it is none, or nested too deeply.
    """
    try:
        document: Json = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        if "int_max_str_digits" in str(error):  # which is Python's own word, and no help here
            raise ValueError(f"a number has more than {sys.get_int_max_str_digits()} digits") from None
        raise
    return document


def shown(value: object) -> str:
    """Return a value on one short line, however large it is."""
    text = value[:_SCANNED] if isinstance(value, str) else _beginning(value)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _beginning(value: object) -> str:
    text = ""
    try:
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
            text += piece[:_SCANNED]
            if len(text) > _SCANNED:
                break
    except RecursionError:
        text += "…"
    return text


def _read(checks: TextChecks, text: str) -> Iterator[Event]:
    yield Event("at", "the format of " + checks.subject)
    try:
        yield Event("value", checks.reader, json.dumps(READERS[checks.reader](text)))
    except ReportError as error:
        yield Event("missing", f"{error}: {shown(text) or 'it is empty'}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")


def _document(checks: TextChecks, text: str, pattern_s: float | None) -> Iterator[Event]:
    try:
        document = parse_json(text)
    except ValueError as error:
        if checks.needs_json:
            reason = f"{checks.subject} is no JSON ({error}): {shown(text) or 'it is empty'}"
            yield Event("wrong", reason)
        yield from _extractions(checks, text, None, pattern_s)
        return
    for comparison in checks.json:
        yield Event("at", f"json {shown(comparison.query.text)}")
        yield from _compare(comparison, document)
    for query in checks.exists:
        yield Event("at", f"exists {shown(query.text)}")
        if not find_values(query, document):
            yield Event("wrong", f"{query.text} finds nothing")
    if checks.schema is not None:
        yield Event("at", "schema")
        yield from _validate(checks.schema, checks.subject, document)
    yield from _extractions(checks, text, document, pattern_s)


def _extractions(checks: TextChecks, text: str, document: Json, pattern_s: float | None) -> Iterator[Event]:
    for extraction in checks.extractions:
        yield Event("at", f"extract.{extraction.name}")
        value = _extracted(extraction, text, document, pattern_s)
        yield Event("missing", extraction.name) if value is None else Event("value", extraction.name, value)


def _extracted(extraction: Extraction, text: str, document: Json, pattern_s: float | None) -> str | None:
    if extraction.pattern is not None:
        match = extraction.pattern.search(text, timeout=pattern_s, concurrent=False)
        return (match[1] if match.re.groups else match[0]) if match else None
    values = find_values(extraction.path, document) if extraction.path is not None else []
    if not values:
        return None
    return values[0] if isinstance(values[0], str) else json.dumps(values[0], ensure_ascii=False)


def find_values(query: Query, document: Json) -> list[object]:
    """Return the values that a path finds; none if the document is nested too deeply for it."""
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415  costs start-up, and few probes need it

    try:
        return list(query.path.find(document).values())
    except (JSONPathError, RecursionError):
        return []


def _compare(comparison: Comparison, document: Json) -> Iterator[Event]:
    values = find_values(comparison.query, document)
    path = comparison.query.text
    describe = _described_secret if comparison.is_secret else _described
    for operator, limit in comparison.conditions:
        if not values:
            yield Event("wrong", f"{path} finds nothing, not {_wanted(operator, limit)}")
            return
        wrong = next((value for value in values if not holds(operator, value, limit)), _NOTHING)
        if wrong is not _NOTHING:
            yield Event("wrong", f"{path} is {describe(wrong, limit)}, not {_wanted(operator, limit, wrong)}")


_NOTHING: Final = object()


def holds(operator: str, value: object, limit: object) -> bool:
    """Compare as JSON does, by type: true is not 1, and "2" is neither 2 nor less than 3."""
    try:
        if operator in {"==", "!="}:
            return _equal(value, limit) is (operator == "==")
    except RecursionError:
        return operator == "!="
    if _type(value) != _type(limit) or _type(value) not in {"number", "text"}:
        return False
    return bool(_ORDERED[operator](value, limit))


def _equal(value: object, wanted: object) -> bool:
    if _type(value) != _type(wanted):
        return False
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(_equal(value[key], wanted[key]) for key in wanted)
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_equal, value, wanted))
    return value == wanted


def _type(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "null" if value is None else "boolean"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "")


def _described_secret(value: object, wanted: object) -> str:
    """Return that there is a value, and its type where that is wrong."""
    return "***" if _type(value) == _type(wanted) else f"the {_type(value)} ***"


def _described(value: object, wanted: object) -> str:
    """Return a value, with its type where the value alone would not explain the difference."""
    types = {_type(value), _type(wanted)}
    if len(types) == 1 or (types != {"number", "text"} and shown(value) != shown(wanted)):
        return shown(value)
    return f"the {_type(value)} {shown(json.dumps(value) if isinstance(value, str) else value)}"


def _wanted(operator: str, limit: object, value: object = None) -> str:
    described = shown(limit) if value is None else _described(limit, value)
    return described if operator == "==" else f"{operator} {described}"


def _validate(schema: Schema, subject: str, document: Json) -> Iterator[Event]:
    try:
        error = next(schema.validator.iter_errors(document), None)
    except RecursionError:
        yield Event("wrong", f"{subject} is nested too deeply for the schema")
        return
    if error is not None:
        yield Event("wrong", f"{subject} breaks the schema at {shown(error.json_path)}: {shown(error.message)}")
