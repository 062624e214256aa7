"""Steps of an unchanged test: one for every call that acts on a page or waits for it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.journeys.har import Request
    from outrider.journeys.trace import Call

MAX_STEPS = 500

_OWNERS = {"Frame", "Page", "ElementHandle", "Locator"}
_SILENT = {
    "addInitScript", "addLocatorHandlerNoReply", "addScriptTag", "addStyleTag", "bringToFront", "close", "contentFrame",
    "dispose", "emulateMedia", "exposeBinding", "frameElement", "ownerFrame", "registerLocatorHandler",
    "setExtraHTTPHeaders", "setNetworkInterceptionPatterns", "setViewportSize", "setWebSocketInterceptionPatterns",
    "updateSubscription",
}  # fmt: skip
_WORDS = {
    "evaluateExpression": "evaluate",
    "evaluateExpressionHandle": "evaluate",
    "evalOnSelector": "evaluate",
    "evalOnSelectorAll": "evaluate",
    "waitForSelector": "wait for",
    "waitForFunction": "wait for function",
    "waitForTimeout": "wait",
    "setContent": "set content",
    "selectOption": "select",
    "setInputFiles": "upload",
    "queryCount": "count",
}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LOCATOR = re.compile(r"^\s*waiting for (?P<locator>(?:get_by_|locator\(|frame_locator\().+?)(?: to be .*)?$")
_EXPECTATION = re.compile(r'^Expect "(?P<name>[^"]+)"')
_VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{24,}|\d{4,}", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?<=/)\d+(?=/|$)")
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class AutomaticStep:
    """A call as a step; `key` is its identity within the test, the same from run to run."""

    key: str
    title: str
    start_ms: float
    duration_ms: float | None
    error: str | None
    source: str


def automatic_steps(calls: Iterable[Call], requests: Iterable[Request], root: str) -> list[AutomaticStep]:
    """Return the steps in order of time, at most `MAX_STEPS`.

    Args:
        calls: What the traces hold.
        requests: What the HARs hold; those that the test sent itself are steps too.
        root: Folder of the test files: the innermost frame below it is the step's source.
    """
    rows = [(_title(call), call.start_ms, call.duration_ms, call.error, _source(call.stack, root))
            for call in calls if is_action(call)]  # fmt: skip
    rows += [(f"{request.method} {normal_path(request.url)}", request.start_ms, request.duration_ms,
              request.failure or None, "") for request in requests if request.by_test]  # fmt: skip
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    steps = []
    for title, start_ms, duration_ms, error, source in sorted(rows, key=lambda row: row[1])[:MAX_STEPS]:
        stem = _VARIABLE.sub("#", title)
        seen[stem] += 1
        key = stem if seen[stem] == 1 else f"{stem} ({seen[stem]})"
        while key in taken:  # a title may end like an ordinal does
            key += "'"
        taken.add(key)
        steps.append(AutomaticStep(key, title, start_ms, duration_ms, error, source))
    return steps


def is_action(call: Call) -> bool:
    """Whether a call does something that a user would notice, or waits for it."""
    return call.owner in _OWNERS and call.method not in _SILENT


def normal_path(url: str) -> str:
    """Return a URL's path with identifiers blanked, so that the step is the same for every order and every host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a test may ask for anything
        return url
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:" if parts.scheme == "data" else url
    return _IDENTIFIER.sub(":id", _VARIABLE.sub(":id", parts.path or "/"))


def _title(call: Call) -> str:
    if call.method in {"goto", "reload", "goBack", "goForward"}:
        return f"{_word(call)} {normal_path(call.params.get('url', ''))}".strip()
    words = [_word(call), _locator(call)]
    if call.method == "expect":
        expectation = _EXPECTATION.match(call.title)
        words.append(expectation["name"] if expectation else str(call.params.get("expression", "")))
    return " ".join(word for word in words if word)[:MAX_TITLE]


def _word(call: Call) -> str:
    return _WORDS.get(call.method) or _HUMP.sub(" ", call.method).lower()


def _locator(call: Call) -> str:
    """Return the locator as the test wrote it, which Playwright's log repeats; else its selector."""
    for message in call.log:
        if match := _LOCATOR.match(message):
            return match["locator"]
    return str(call.params.get("selector", ""))


def _source(stack: Sequence[tuple[str, int]], root: str) -> str:
    for file, line in stack:
        if file.startswith(root):
            return f"{file[len(root) :].lstrip('/')}:{line}"
    return ""
