"""What a text from a target has to be, and what to extract from it: values that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import regex
    from jsonpath_rfc9535 import JSONPathQuery


class Query:
    """A JSONPath (RFC 9535), compiled.

    Raises:
        JSONPathError: If `text` is none.
        RecursionError: If it is nested too deeply.
    """

    __slots__ = ("is_linear", "path", "text")

    def __init__(self, text: str) -> None:
        from jsonpath_rfc9535 import compile  # noqa: A004, PLC0415  costs start-up, and few probes need it

        self.text = text
        self.path: JSONPathQuery = compile(text)
        self.is_linear = _is_linear(self.path)

    def __reduce__(self) -> tuple[type[Query], tuple[str]]:
        return (Query, (self.text,))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Query({self.text!r})"


class Schema:
    """A JSON Schema and its validator.

    Raises:
        SchemaError, AttributeError, TypeError: If `document` is none.
    """

    __slots__ = ("document", "validator")

    def __init__(self, document: Any) -> None:
        from jsonschema.validators import extend, validator_for  # noqa: PLC0415  costs start-up, and few probes need it

        kind = validator_for(document)
        kind.check_schema(document)
        self.document = document
        exact = extend(kind, {"multipleOf": _multiple_of})  # type: ignore[no-untyped-call]  # jsonschema has no types of it
        self.validator: Any = exact(document)

    def __reduce__(self) -> tuple[type[Schema], tuple[Any]]:
        return (Schema, (self.document,))


def _multiple_of(validator: Any, step: Any, value: Any, _: object) -> Iterator[Exception]:
    """Judge `multipleOf` by decimal digits as they are written: 19.99 is a multiple of 0.01, and no float says so."""
    from jsonschema import ValidationError  # noqa: PLC0415

    if validator.is_type(value, "number") and not _is_multiple(value, step):
        yield ValidationError(f"{value!r} is not a multiple of {step!r}")


def _is_multiple(value: Any, step: Any) -> bool:
    exact_value, exact_step = (_fraction(number) for number in (value, step))
    if exact_value is None or exact_step is None:
        return False
    return exact_value % exact_step == 0


def _fraction(number: Any) -> Fraction | None:
    """Return a number as its digits say it; None if it is infinite."""
    if not isinstance(number, float):
        return Fraction(number)
    return Fraction(repr(number)) if isfinite(number) else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What every value at a path has to be.

    Attributes:
        conditions: Operators (`==`, `!=`, `<`, `<=`, `>`, `>=`), each with the other side.
        is_secret: Whether what the path finds is not to be quoted, since a credential is called so.
    """

    query: Query
    conditions: tuple[tuple[str, object], ...]
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """A value taken from an answer: exactly one source is given."""

    name: str
    path: Query | None = None
    pattern: regex.Pattern[str] | None = None
    header: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class TextChecks:
    """What a text has to be, and what to extract from it; what is absent is not checked.

    Attributes:
        subject: The name of the text, or of one of its parts, in messages.
        separator: If given, what separates the parts of the text, one of which every pattern must match.
        contains: Texts that it holds.
        absent: Texts that it does not hold.
        matches: Patterns that are found in it.
        json: What the values that a path finds are compared with.
        exists: Paths that find something.
        extractions: What is extracted from it, by path or pattern.
        reader: The name of a format (`report_readers`) that the whole text is read as; it becomes a value of that name.
    """

    subject: str = "the body"
    separator: str = ""
    contains: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    matches: tuple[regex.Pattern[str], ...] = ()
    json: tuple[Comparison, ...] = ()
    exists: tuple[Query, ...] = ()
    schema: Schema | None = field(default=None, compare=False, repr=False)
    extractions: tuple[Extraction, ...] = ()
    reader: str = ""

    @property
    def needs_json(self) -> bool:
        """Whether the text has to be JSON."""
        return bool(self.json or self.exists or self.schema is not None)

    def __bool__(self) -> bool:
        """Return whether there is anything to check or to extract."""
        return bool(self.contains or self.absent or self.matches or self.extractions or self.reader or self.needs_json)

    @property
    def is_linear(self) -> bool:
        """Whether the work is bounded by the size of the text, patterns aside, which have a time-out of their own."""
        paths = [comparison.query for comparison in self.json]
        paths += [*self.exists, *(extraction.path for extraction in self.extractions if extraction.path)]
        return self.schema is None and all(path.is_linear for path in paths)


def _is_linear(path: JSONPathQuery) -> bool:
    """Return whether a path visits each value at most once: it neither descends nor filters nor selects twice."""
    from jsonpath_rfc9535.segments import JSONPathChildSegment  # noqa: PLC0415
    from jsonpath_rfc9535.selectors import FilterSelector  # noqa: PLC0415

    return all(
        isinstance(segment, JSONPathChildSegment)
        and len(segment.selectors) == 1
        and not isinstance(segment.selectors[0], FilterSelector)
        for segment in path.segments
    )
