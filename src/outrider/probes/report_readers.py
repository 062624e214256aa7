"""What programs write, read as steps or numbers: Playwright's JSON report, JUnit's XML, and plain measurements. Pure.

The texts come from outside and may be of any form; a reader takes time in proportion to the text, and returns values of
JSON of a bounded number.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Report = dict[str, Any]
"""`tests` (title, status, duration_ms, offset_ms, message, steps), `counts` by status, `errors`, and `attachments`."""

TITLE_SEPARATOR: Final = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
MOST_TESTS: Final = 500
MOST_NUMBERS: Final = 100

_MOST_STEPS: Final = 1_000
_MOST_ATTACHMENTS: Final = 100
_MOST_DEPTH: Final = 50
_TITLE_CHARACTERS: Final = 300
_MESSAGE_CHARACTERS: Final = 4_000
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_METRIC: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_MEASUREMENT: Final = re.compile(rf"[ \t]*({_METRIC.pattern})[ \t]*[ \t=:][ \t]*([-+0-9.eE]{{1,40}})[ \t]*")
_ATTACHMENT: Final = re.compile(r"\[\[ATTACHMENT\|([^\]\n]+)\]\]")


class ReportError(ValueError):
    """A text is not of the format that it is said to be of."""


def read_playwright(text: str) -> Report:
    """Read the report of Playwright Test's reporter `json` (https://playwright.dev/docs/test-reporters#json-reporter).

    Of a test that was retried, the last result counts, as it does for Playwright.

    Raises:
        ReportError: If it is none.
    """
    document = _document(text)
    if not isinstance(document, dict) or not isinstance(document.get("suites"), list):
        raise ReportError("it has no suites")
    report = _Report()
    tests = list(_specs(document["suites"], (), 0))
    projects = {_text(test.get("projectName")) for _, test in tests}
    began_s = _seconds(_table(document.get("stats")).get("startTime"))
    for title, test in tests:
        project = f"[{test.get('projectName')}] " if len(projects) > 1 else ""
        _add_playwright_test(report, f"{project}{title}", test, began_s)
    report.errors += [_message(error) for error in _tables(document.get("errors"))]
    return report.finished()


def read_junit(text: str) -> Report:
    """Read JUnit's XML, as pytest, Playwright, Maven and many others write it.

    Raises:
        ReportError: If it is none.
    """
    report = _Report()
    for case in _xml(text).iter("testcase"):
        wrong = next((child for child in case if child.tag in {"failure", "error"}), None)
        skipped = case.find("skipped") is not None
        status = "failed" if wrong is not None else "skipped" if skipped else "passed"
        message = "" if wrong is None else (wrong.get("message") or wrong.text or wrong.tag)
        names = [name for name in (case.get("classname", ""), case.get("name", "")) if name]
        report.add(TITLE_SEPARATOR.join(names), status, _number(case.get("time")) * 1000, message=message)
        output = case.findtext("system-out") or ""
        for path in _ATTACHMENT.findall(output):
            report.attach({"name": path.rpartition("/")[2], "contentType": "", "path": path})
    return report.finished()


def read_json_numbers(text: str) -> Report:
    """Read a table of JSON: each of its numbers is a measurement, one in a table within it named with a dot.

    Raises:
        ReportError: If it is none.
    """
    document = _document(text)
    if not isinstance(document, dict):
        raise ReportError("it is no table")
    return {"numbers": dict(list(_numbers(document, "", 0))[:MOST_NUMBERS])}


def read_plain_numbers(text: str) -> Report:
    """Read lines of a name and a number, such as `queue_depth 12`; other lines say nothing."""
    numbers: dict[str, float] = {}
    for line in text.splitlines():
        match = _MEASUREMENT.fullmatch(line)
        if match and (number := _finite(match[2])) is not None and len(numbers) < MOST_NUMBERS:
            numbers[match[1]] = number
    return {"numbers": numbers}


READERS: Final[Mapping[str, Callable[[str], Report]]] = {
    "playwright-json": read_playwright,
    "junit": read_junit,
    "json": read_json_numbers,
    "plain": read_plain_numbers,
}


class _Report:
    """A report in the making, whose lists are bounded."""

    def __init__(self) -> None:
        self.tests: list[Report] = []
        self.counts = dict.fromkeys(("passed", "failed", "flaky", "skipped"), 0)
        self.errors: list[str] = []
        self.attachments: list[Report] = []
        self._steps = 0

    def add(
        self, title: str, status: str, duration_ms: float, *, message: str = "", offset_ms: float = 0.0
    ) -> Report | None:
        """Count a test; return it, or None if there are too many to name each. Failed ones are named first."""
        self.counts[status] += 1
        if len(self.tests) >= MOST_TESTS and status != "failed":
            return None
        test = {
            "title": title[:_TITLE_CHARACTERS] or "test", "status": status, "duration_ms": duration_ms,
            "offset_ms": offset_ms, "message": plain(message), "steps": [],
        }  # fmt: skip
        if len(self.tests) < 2 * MOST_TESTS:
            self.tests.append(test)
        return test

    def add_steps(self, steps: list[Report], into: list[Report], depth: int = 0) -> None:
        """Add the steps of a test, those within them too."""
        for step in steps:
            self._steps += 1
            if self._steps > _MOST_STEPS or depth > _MOST_DEPTH:
                return
            below: list[Report] = []
            error = _message(step["error"]) if isinstance(step.get("error"), dict) else ""
            title = _text(step.get("title"))[:_TITLE_CHARACTERS] or "step"
            into.append(
                {"title": title, "duration_ms": _number(step.get("duration")), "message": error, "steps": below}
            )
            self.add_steps(_tables(step.get("steps")), below, depth + 1)

    def attach(self, attachment: Report) -> None:
        """Note a file of a test."""
        if len(self.attachments) < _MOST_ATTACHMENTS:
            self.attachments.append(
                {key: _text(attachment.get(key)) for key in ("name", "contentType", "path", "body")}
            )

    def finished(self) -> Report:
        """Return it as values of JSON."""
        return {
            "tests": self.tests, "counts": self.counts, "errors": self.errors[:_MOST_DEPTH],
            "attachments": self.attachments,
        }  # fmt: skip


def plain(text: str) -> str:
    """Return a message without the colours of a terminal, cut to what a reader needs."""
    return _ANSI.sub("", text[: 2 * _MESSAGE_CHARACTERS]).strip()[:_MESSAGE_CHARACTERS]


def _specs(suites: object, titles: tuple[str, ...], depth: int) -> Iterator[tuple[str, Report]]:
    """Yield the tests of suites, each with its whole title."""
    if depth > _MOST_DEPTH:
        raise ReportError("its suites are nested too deeply")
    for suite in _tables(suites):
        path = (*titles, _text(suite.get("title")))
        for spec in _tables(suite.get("specs")):
            title = TITLE_SEPARATOR.join(part for part in (*path, _text(spec.get("title"))) if part)
            yield from ((title, test) for test in _tables(spec.get("tests")))
        yield from _specs(suite.get("suites"), path, depth + 1)


_STATUSES: Final = {"expected": "passed", "unexpected": "failed", "flaky": "flaky", "skipped": "skipped"}


def _add_playwright_test(report: _Report, title: str, test: Report, began_s: float) -> None:
    results = _tables(test.get("results"))
    last = results[-1] if results else {}
    status = _STATUSES.get(_text(test.get("status")), "failed")
    errors = [_message(error) for error in _tables(last.get("errors"))] if status == "failed" else []
    started_s = _seconds(last.get("startTime"))
    offset_ms = max(0.0, started_s - began_s) * 1000 if started_s and began_s else 0.0
    message = "\n".join(errors) or (f"status {last.get('status')}" if status == "failed" else "")
    added = report.add(title, status, _number(last.get("duration")), message=message, offset_ms=offset_ms)
    if added is not None:
        report.add_steps(_tables(last.get("steps")), added["steps"])
    for attachment in _tables(last.get("attachments")):
        report.attach(attachment)


def _xml(text: str) -> ET.Element:
    """Return the root of a document without a type declaration, and so without entities of its own."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ReportError("it declares a document type, which no report needs")
    try:
        root = ET.fromstring(text.strip("\ufeff \t\r\n"))  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError) as error:
        raise ReportError(f"it is no XML ({error})") from None
    if root.tag not in {"testsuites", "testsuite"}:
        raise ReportError(f"its root is <{root.tag[:40]}>, not <testsuites>")
    return root


def _document(text: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ReportError(f"it is no JSON ({error})") from None


def _numbers(table: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, float]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _MOST_DEPTH:
            yield from _numbers(value, f"{name}.", depth + 1)
        elif isinstance(value, int | float) and _METRIC.fullmatch(name) and (number := _finite(value)) is not None:
            yield name, number


def _finite(value: Any) -> float | None:
    """Return a number, or None if it is none that can be stored."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _number(value: object) -> float:
    number = _finite(str(value).replace(",", "")) if isinstance(value, str | int | float) else None
    return max(0.0, number or 0.0)


def _seconds(value: object) -> float:
    """Return a moment of ISO 8601 in seconds; 0 if it is none."""

    try:
        return datetime.fromisoformat(_text(value)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _message(error: Report) -> str:
    text = plain(_text(error.get("message")) or _text(error.get("value")))
    return text or "an error without a message"


def _table(value: object) -> Report:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[Report]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
