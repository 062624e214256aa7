"""The comparison of an HTTP answer with its expectations. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from outrider.probes.probe_result import Blame, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import regex

    from outrider.probes.answers import Answer
    from outrider.probes.expectations import Expectation, Query

PATTERN_S = 0.2
"""How long a pattern may search: a careless one would otherwise hold up every other probe for ever."""

Json: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"

_SHOWN = 80
_NAMES = {"dns": "the name lookup", "connect": "connecting", "tls": "the TLS handshake", "first_byte": "the first byte",
          "transfer": "the transfer", "total": "the whole request"}  # fmt: skip


def judge(answer: Answer, expectation: Expectation) -> tuple[Failure, ...]:
    """Return everything about `answer` that is not as expected."""
    wrong = [*_status(answer, expectation)]
    if expectation.headers:
        wrong += _headers(answer.headers, expectation)
    if expectation.needs_body:
        text = answer.text
        wrong += _body(text, expectation)
        wrong += _json(text, expectation) if expectation.needs_json else ()
    if expectation.certificate_days is not None:
        wrong += _certificate(answer.certificate_days, expectation.certificate_days)
    failures = [Failure(Blame.TARGET, reason) for reason in wrong]
    if expectation.within_ms:
        failures += judge_times({**answer.phases_ms, "total": answer.total_ms}, expectation.within_ms)
    return tuple(failures)


def judge_times(phases_ms: Mapping[str, float], within_ms: Mapping[str, float]) -> list[Failure]:
    """Return a failure for each phase that took longer than it may."""
    return [
        Failure(Blame.SLOW, f"{_NAMES[phase]} took {phases_ms[phase]:.0f} ms, more than {limit_ms:g} ms")
        for phase, limit_ms in within_ms.items()
        if phases_ms.get(phase, 0.0) > limit_ms
    ]


def finds(pattern: regex.Pattern[str], text: str) -> bool:
    """Tell whether a pattern is found in time.

    Raises:
        TimeoutError: If it takes longer than `PATTERN_S`.
    """
    return pattern.search(text, timeout=PATTERN_S, concurrent=False) is not None


def parse_json(text: str) -> Json:
    """Return a document of JSON.

    Raises:
        ValueError: If it is none, or nested too deeply.
    """
    try:
        document: Json = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return document


def find_values(query: Query, document: Json) -> list[object]:
    """Return the values that a path finds; none if the document is nested too deeply for it."""
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415  costs start-up, and few probes need it

    try:
        return list(query.path.find(document).values())
    except (JSONPathError, RecursionError):
        return []


def shown(value: object) -> str:
    """Return a value on one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _status(answer: Answer, expectation: Expectation) -> Iterator[str]:
    if not any(answer.status in allowed for allowed in expectation.status):
        wanted = " or ".join(_named(allowed) for allowed in expectation.status)
        yield f"status {answer.status}, not {wanted}"


def _named(allowed: range) -> str:
    return str(allowed.start) if len(allowed) == 1 else f"{allowed.start} to {allowed.stop - 1}"


def _headers(headers: Mapping[str, str], expectation: Expectation) -> Iterator[str]:
    for name, pattern in expectation.headers:
        value = headers.get(name)
        if value is None:
            yield f"there is no header {name}"
        else:
            yield from _unfound(pattern, value, f"header {name}: {shown(value)}, which")


def _body(text: str, expectation: Expectation) -> Iterator[str]:
    for wanted in expectation.contains:
        if wanted not in text:
            yield f"the body does not contain {shown(wanted)!r}"
    for unwanted in expectation.absent:
        if unwanted in text:
            yield f"the body contains {shown(unwanted)!r}"
    for pattern in expectation.matches:
        yield from _unfound(pattern, text, "the body")


def _unfound(pattern: regex.Pattern[str], text: str, what: str) -> Iterator[str]:
    try:
        if not finds(pattern, text):
            yield f"{what} does not match {shown(pattern.pattern)}"
    except TimeoutError:
        yield f"{what} keeps the pattern {shown(pattern.pattern)} busy for more than {PATTERN_S * 1000:.0f} ms"


def _json(text: str, expectation: Expectation) -> Iterator[str]:
    try:
        document = parse_json(text)
    except ValueError as error:
        yield f"the body is no JSON ({error}): {shown(text) or 'it is empty'}"
        return
    for query, wanted in expectation.json:
        values = find_values(query, document)
        wrong = [value for value in values if not _equal(value, wanted)]
        if not values:
            yield f"{query.text} finds nothing, not {shown(wanted)}"
        elif wrong:
            yield f"{query.text} is {shown(wrong[0])}, not {shown(wanted)}"
    for query in expectation.exists:
        if not find_values(query, document):
            yield f"{query.text} finds nothing"
    if expectation.schema is not None:
        yield from _schema(document, expectation)


def _equal(value: object, wanted: object) -> bool:
    """Compare as JSON does, where true is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _schema(document: object, expectation: Expectation) -> Iterator[str]:
    try:
        error = next(expectation.schema.iter_errors(document), None)
    except RecursionError:
        yield "the body is nested too deeply for the schema"
        return
    if error is not None:
        yield f"the body breaks the schema at {error.json_path}: {shown(error.message)}"


def _certificate(days: float | None, least: float) -> Iterator[str]:
    if days is None:
        yield "there is no certificate: the answer came without TLS"
    elif days < least:
        yield f"the certificate is valid for {days:.1f} more days, not {least:g}"
