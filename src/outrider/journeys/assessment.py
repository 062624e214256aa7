"""The outcome of one attempt of a journey, and one line of reason. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import HostLoad, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.journeys.worker_messages import Phase

_TARGET_ERRORS = re.compile(r"AssertionError$|^playwright\.|(^|\.)Failed$|Overdue$|TimeoutError$|ConnectionError$")
_SCRIPT_ERRORS = re.compile(r"^builtins\.(SyntaxError|IndentationError|NameError|ImportError|ModuleNotFoundError)$")
_SCRIPT_MESSAGES = re.compile(
    r"Sync API inside the asyncio loop|Executable doesn't exist|Unknown engine|is not a valid selector"
    r"|Unexpected token .* while parsing|Host system is missing dependencies|Invalid URL"
)
_OURS = (
    (re.compile(r"(Page|Target) crashed"), "the page's process crashed"),
    (
        re.compile(
            r"(page, context or browser|Browser|Connection) (has been )?closed|has disconnected|WebSocket error"
        ),
        "the browser went away",
    ),
    (
        re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_NETWORK_IO_SUSPENDED"),
        "our own network is down",
    ),
)
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one attempt.

    Attributes:
        overdue: Its time was up; `waiting` names the call.
        waiting: The call of Playwright that was under way then, or empty if the test was busy with itself.
        touched: It reached a page or sent a request.
        browser_alive: The shared browser answered afterwards.
        worker: Why the worker ended by itself, or empty.
        step: Title of the step that failed, or empty.
    """

    phases: Sequence[Phase]
    overdue: bool = False
    waiting: str = ""
    touched: bool = True
    browser_alive: bool = True
    worker: str = ""
    step: str = ""
    timeout_s: float = 0.0
    host: HostLoad | None = None
    starved_above: float = 1.0


def assess(facts: Facts) -> tuple[Outcome, str]:
    """Return the outcome of an attempt and its reason; the first rule that applies decides."""
    for rule in (_prober, _overdue, _setup, _skip, _emptiness, _failure, _starvation):
        if verdict := rule(facts):
            outcome, reason = verdict
            return outcome, reason[:MAX_REASON]
    return Outcome.PASSED, ""


Verdict = tuple[Outcome, str] | None


def _failed(facts: Facts) -> Phase | None:
    return next((phase for phase in facts.phases if phase.outcome == "failed"), None)


def _prober(facts: Facts) -> Verdict:
    """Our own part broke: the worker, the browser, our network, the host."""
    phase = _failed(facts)
    if facts.worker:
        return Outcome.SETUP_ERROR, facts.worker
    if not facts.browser_alive:
        return Outcome.INCONCLUSIVE, "the browser died during the run"
    if facts.overdue:
        return _starvation(facts)
    if phase is None:
        return None
    for pattern, what in _OURS:
        if pattern.search(phase.message):
            return Outcome.INCONCLUSIVE, f"{what}: {headline(phase.message)}{_at(facts)}"
    return _starvation(facts)


def _overdue(facts: Facts) -> Verdict:
    if not facts.overdue:
        return None
    if facts.waiting:
        return Outcome.FAILED, f"time-out after {facts.timeout_s:g} s, waiting for: {facts.waiting}"
    return Outcome.SETUP_ERROR, f"time-out after {facts.timeout_s:g} s while the test itself was busy or stuck"


def _setup(facts: Facts) -> Verdict:
    """The script is wrong: it cannot be collected, or what failed is not the system under test."""
    phase = _failed(facts)
    if phase is None:
        return None if facts.phases else (Outcome.SETUP_ERROR, "no such test")
    where = {"setup": " in a fixture's set-up", "teardown": " in a fixture's tear-down"}.get(phase.when, "")
    is_target = bool(_TARGET_ERRORS.search(phase.error_type)) and not _SCRIPT_MESSAGES.search(phase.message)
    is_script = bool(_SCRIPT_ERRORS.search(phase.error_type)) or bool(_SCRIPT_MESSAGES.search(phase.message))
    if phase.when == "collect" or is_script or (where and not is_target):
        kind = phase.error_type.rpartition(".")[2]
        text = headline(phase.message)
        return Outcome.SETUP_ERROR, f"{kind}{where}: {text}" if kind else text
    return None


def _skip(facts: Facts) -> Verdict:
    skipped = next((phase for phase in facts.phases if phase.outcome == "skipped" and not phase.expected), None)
    return (Outcome.SKIPPED, headline(skipped.message)) if skipped else None


def _emptiness(facts: Facts) -> Verdict:
    if facts.touched:
        return None
    if phase := _failed(facts):
        return Outcome.SETUP_ERROR, f"before any page or request: {headline(phase.message)}"
    return Outcome.SETUP_ERROR, "the test opened no page and sent no request: nothing was measured"


def _failure(facts: Facts) -> Verdict:
    phase = _failed(facts)
    return (Outcome.FAILED, headline(phase.message) + _at(facts)) if phase else None


def _starvation(facts: Facts) -> Verdict:
    if facts.host is None or facts.host.other_share <= facts.starved_above:
        return None
    return (
        Outcome.INCONCLUSIVE,
        f"this host was starved: other programs used {facts.host.other_share:.0%} of its processors",
    )


def _at(facts: Facts) -> str:
    return f" (step: {facts.step})" if facts.step else ""


def headline(message: str) -> str:
    """Return an error's first line, with the actual value where Playwright or pytest gives it on the next lines."""
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    if not lines:
        return "no message"
    first = lines[0].removeprefix("AssertionError: ")
    actual = next((line for line in lines[1:3] if line.startswith(("Actual value:", "Received:"))), "")
    return f"{first} ({actual[0].lower()}{actual[1:]})" if actual else first
