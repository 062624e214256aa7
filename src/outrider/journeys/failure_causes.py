"""What went wrong in the target before a test failed: the network's records, page errors, dialogs. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrider.journeys.automatic_steps import awaited, is_action, step_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.journeys.har import Request
    from outrider.journeys.raw_evidence import RawEvidence
    from outrider.journeys.trace import Call

MAX_TEXT = 150
_CLOCKS_APART_MS = 5
_OWN_NETWORK = frozenset(
    {"net::ERR_INTERNET_DISCONNECTED", "net::ERR_NETWORK_CHANGED", "net::ERR_NETWORK_IO_SUSPENDED"}
)
_ANSWERS = {"accept": "accepted", "dismiss": "dismissed"}
_TIMEOUT = re.compile(r"Timeout [\d.]+ms exceeded|Expect failed$")  # Playwright's own words, at the beginning
# Calls that only look or wait: what led to the failure began before them.
_PASSIVE = frozenset(
    {
        "__waitInfo__", "content", "expect", "expectScreenshot", "getAttribute", "innerHTML", "innerText",
        "inputValue",
        "isChecked", "isDisabled", "isEditable", "isEnabled", "isHidden", "isVisible", "queryCount", "querySelector",
        "querySelectorAll", "screenshot", "textContent", "title", "waitForFunction", "waitForSelector",
        "waitForTimeout",
        "boundingBox", "waitForElementState", "ariaSnapshot",
    }
)  # fmt: skip
_DECORATION = frozenset({"image", "font", "media", "texttrack", "ping", "cspreport", "manifest"})


def failed_call(evidence: RawEvidence) -> Call | None:
    """Return the last call that failed or never ended."""
    calls = (call for call in reversed(evidence.trace.calls) if is_action(call))
    return next((call for call in calls if call.error or call.duration_ms is None), None)


def awaited_by(evidence: RawEvidence) -> str:
    """Return what the call that failed was waiting for, as the test wrote it, or nothing."""
    call = failed_call(evidence)
    return awaited(call) if call else ""


def timed_out(evidence: RawEvidence) -> str:
    """Return the title of the last call on record if its own time-out ended it, or nothing."""
    last = next((call for call in reversed(evidence.trace.calls) if is_action(call)), None)
    return step_title(last) if last and last.error and _TIMEOUT.match(last.error) else ""


def own_network_error(evidence: RawEvidence) -> str:
    """Return the error by which the browser reports that this host is offline, unless the test itself caused it."""
    made = {(call.owner, call.method) for call in evidence.trace.calls}
    by_test = made & {("BrowserContext", "setOffline"), ("Route", "abort"), ("BrowserContext", "newCDPSession")}
    if by_test or evidence.trace.offline:
        return ""
    return next((request.failure for request in evidence.requests if request.failure in _OWN_NETWORK), "")


def find_causes(evidence: RawEvidence) -> tuple[str, ...]:
    """Return what went wrong in the step that failed and the action before it, each once, most telling first.

    The order is documents, requests, page errors, dialogs. The last document always counts: what
    came with an error harms every later step.
    """
    since_ms, until_ms = _window(evidence)
    requests = [request for request in evidence.requests if since_ms <= request.start_ms <= until_ms]
    documents = [request for request in evidence.requests if request.resource_type == "document"]
    last = [document for document in documents if document.start_ms <= until_ms][-1:]
    causes = [_document(request) for request in last if _is_failed(request)]
    blocks = any((call.owner, call.method) == ("Route", "abort") for call in evidence.trace.calls)
    relevant = [request for request in requests if _is_relevant(request) and not (blocks and request.status < 400)]
    causes += [_request(request) for request in relevant if request not in last]
    causes += [
        f"page error {_short(error.message)}"
        for error in evidence.trace.page_errors
        if error.is_exception and since_ms <= error.at_ms <= until_ms
    ]
    causes += _dialogs(evidence, since_ms, until_ms)
    return tuple(dict.fromkeys(causes))


def _window(evidence: RawEvidence) -> tuple[float, float]:
    """Return from when to when something may have caused the failure (wall clock, ms)."""
    failed = failed_call(evidence)
    calls = [call for call in evidence.trace.calls if is_action(call)]
    before = [call for call in calls if failed is None or call.start_ms < failed.start_ms]
    action = next((call for call in reversed(before) if call.method not in _PASSIVE), None)
    starts = [call.start_ms for call in (action, failed) if call]
    starts += [step.start_ms for step in evidence.named if step.error or step.duration_ms is None]
    end_ms = failed.start_ms + failed.duration_ms if failed and failed.duration_ms is not None else float("inf")
    return min(starts, default=0.0) - _CLOCKS_APART_MS, end_ms


def _is_failed(request: Request) -> bool:
    cancelled = request.failure.endswith("ERR_ABORTED")  # the page or its user moved on
    return (bool(request.failure) and not cancelled) or request.status >= 400


def _is_relevant(request: Request) -> bool:
    return _is_failed(request) and request.resource_type not in _DECORATION


def _document(request: Request) -> str:
    return f"{request.path} {_answer(request)}"


def _request(request: Request) -> str:
    return f"{request.method} {request.path} {_answer(request)}"


def _answer(request: Request) -> str:
    return f"answered {request.status}" if request.status >= 400 else f"failed ({request.failure})"


def _dialogs(evidence: RawEvidence, since_ms: float, until_ms: float) -> Iterator[str]:
    """Yield the dialogs, and what the test did with each: what they say may be why nothing came after them.

    Playwright closes a dialog that nobody listens to; one that a test listens to stays open, and blocks the page.
    """
    answers = [call for call in evidence.trace.calls if call.owner == "Dialog"]
    for dialog in evidence.trace.dialogs:
        answer = next((call for call in answers if call.start_ms >= dialog.at_ms - _CLOCKS_APART_MS), None)
        if answer is not None:
            answers.remove(answer)
        if since_ms <= dialog.at_ms <= until_ms:
            how = _ANSWERS.get(answer.method, "answered") if answer else "not answered"
            yield f"{dialog.kind} dialog {_short(dialog.message)} was {how}"


def _short(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return f'"{line if len(line) <= MAX_TEXT else line[:MAX_TEXT] + "…"}"'
