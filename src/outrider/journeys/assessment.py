"""The outcome of one attempt of a journey, and one line of reason. Pure.

Only facts decide: kinds of exceptions, events of browsers and pages, records of the network; no text that a page can
write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.journeys.error_kind import ErrorKind
from outrider.model import HostLoad, Outcome, bounded, per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.journeys.worker_messages import Phase

MAX_REASON = 500
MAX_CAUSES = 3
_STRICT = "Error: strict mode violation: "
_INVALID_URL = "Cannot navigate to invalid URL"
_NAVIGATING = re.compile(r'\s*(?:- )?navigating to "(.*)", waiting until ')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one attempt.

    Attributes:
        phases: Of pytest; of an attempt whose time was up, those that were over before.
        overdue: Its time was up.
        waiting: The call of Playwright that was under way then, or empty if the test was busy with itself.
        timed_out: The last call on record if it ended by its own time-out before that, or empty.
        busy: The interrupt met the test's own code.
        touched: It reached a page or sent a request.
        browser_alive: The shared browser answered afterwards.
        crashed: The process of a page crashed.
        disconnected: A browser went away that the test did not close.
        own_network: The error by which the browser said that this host is offline, or empty.
        worker: Why the worker ended by itself, or empty.
        unready: Why the attempt could not begin in the time that was left, or empty.
        step: Title of the step that failed, or empty.
        awaited: What the call that failed was waiting for, as the test wrote it, or empty.
        causes: What went wrong in the target before the failure, most telling first.
    """

    phases: Sequence[Phase]
    overdue: bool = False
    waiting: str = ""
    timed_out: str = ""
    busy: bool = False
    touched: bool = True
    browser_alive: bool = True
    crashed: bool = False
    disconnected: bool = False
    own_network: str = ""
    worker: str = ""
    unready: str = ""
    step: str = ""
    awaited: str = ""
    causes: Sequence[str] = ()
    timeout_s: float = 0.0
    host: HostLoad | None = None
    starved_above: float = 1.0


def assess(facts: Facts) -> tuple[Outcome, str]:
    """Return the outcome of an attempt and its reason; the first rule that applies decides."""
    for rule in (_worker, _prober, _overdue, _setup, _skip, _emptiness, _failure, _starvation):
        if assessment := rule(facts):
            outcome, reason = assessment
            ended = f"; then {facts.worker}" if facts.worker and reason != facts.worker else ""
            return outcome, bounded(reason + ended, MAX_REASON)
    return Outcome.PASSED, ""


Assessment = tuple[Outcome, str] | None


def _failed(facts: Facts) -> Phase | None:
    """Return the first phase that failed; what the interrupt at the time-out caused is no failure."""
    failures = (phase for phase in facts.phases if phase.outcome == "failed")
    interrupted = {ErrorKind.OVERDUE, ErrorKind.CLOSED}
    return next((phase for phase in failures if not (facts.overdue and phase.kind in interrupted)), None)


def _worker(facts: Facts) -> Assessment:
    if facts.unready:
        return Outcome.INCONCLUSIVE, facts.unready
    if facts.worker and _failed(facts) is None:
        return Outcome.SETUP_ERROR, facts.worker
    return None  # it ended while the test cleaned up after a failure, which stands


def _prober(facts: Facts) -> Assessment:
    """Our own part broke: the browser, a page's process, our network, the host."""
    if not facts.browser_alive:
        return Outcome.INCONCLUSIVE, "the browser died during the run"
    phase = _failed(facts)
    if phase is None and not facts.overdue:
        return None
    if what := _broken_part(facts, phase):
        return Outcome.INCONCLUSIVE, f"{what}: {headline(phase.message)}{_at(facts)}" if phase else what
    starved = _starvation(facts)
    if starved is None or phase is None or facts.overdue:
        return starved
    return starved[0], f"{starved[1]}; meanwhile: {_script_reason(phase)}{_at(facts)}"


def _broken_part(facts: Facts, phase: Phase | None) -> str:
    if facts.crashed:
        return "the page's process crashed"
    if facts.disconnected:
        return "the browser went away"
    if facts.own_network:
        return f"our own network is down ({facts.own_network})"
    is_lost = phase is not None and phase.kind == ErrorKind.CLOSED and not phase.closed_by
    return "the connection to the browser was lost" if is_lost else ""


def _overdue(facts: Facts) -> Assessment:
    if not facts.overdue:
        return None
    limit = f"time-out after {facts.timeout_s:g} s"
    if facts.waiting:
        return Outcome.FAILED, _after_causes(facts, f"{limit}, waiting for: {facts.waiting}")
    if _failed(facts):
        return None
    if facts.timed_out and not facts.busy:
        return Outcome.FAILED, _after_causes(
            facts, f"{facts.timed_out} timed out; then the test did not end within {limit[15:]}"
        )
    return Outcome.SETUP_ERROR, f"{limit} while the test itself was busy or stuck"


def _setup(facts: Facts) -> Assessment:
    """The script is wrong: it cannot be collected, or what failed is not the system under test."""
    phase = _failed(facts)
    if phase is None:
        return None if facts.phases or facts.overdue else (Outcome.SETUP_ERROR, "no such test")
    if phase.when == "collect" or _is_script_error(phase):
        return Outcome.SETUP_ERROR, _script_reason(phase)
    return None


def raised_by_script(facts: Facts) -> bool:
    """Whether a test that could be collected, or one of its fixtures, raised an error of its own."""
    phase = _failed(facts)
    return phase is not None and phase.when != "collect" and _is_script_error(phase)


def _is_script_error(phase: Phase) -> bool:
    if phase.kind == ErrorKind.CLOSED:
        return phase.closed_by == "test"
    return bool(phase.kind) and not ErrorKind(phase.kind).is_target


def _script_reason(phase: Phase) -> str:
    """Return an error's type, phase, message and place."""
    where = {"setup": " in a fixture's set-up", "teardown": " in a fixture's tear-down"}.get(phase.when, "")
    kind = phase.error_type.rpartition(".")[2]
    if phase.kind == ErrorKind.CLOSED:
        text = f"the test uses what it has closed: {headline(phase.message)}"
    else:
        text = _telling_line(phase) if phase.message or not kind else ""
    text = _with_cause(text, phase)
    place = f" ({phase.place})" if phase.place else ""
    named = f"{kind}{where}{': ' if text else ''}{text}" if kind else text
    return bounded(named, MAX_REASON - len(place)) + place


def _with_cause(text: str, phase: Phase) -> str:
    """Return a message with the exception that the test's own one was raised from."""
    return f"{text}, from {phase.cause}".removeprefix(", ") if phase.cause else text


def _telling_line(phase: Phase) -> str:
    """Return the line of Playwright's message that says what is wrong in the script; the first one may not."""
    lines = phase.message.strip().splitlines()
    if phase.kind == ErrorKind.AMBIGUOUS:
        return next(
            (line.removeprefix("Error: ") for line in lines if line.startswith(_STRICT)), headline(phase.message)
        )
    urls = [match[1] for line in lines[1:] if (match := _NAVIGATING.match(line))]
    if urls and lines[0].endswith(_INVALID_URL) and phase.error_type.startswith("playwright."):
        why = "" if _ABSOLUTE.match(urls[0]) else ": it is relative, and no base URL is set"
        return f'{lines[0].partition(":")[0]}: cannot open "{urls[0]}"{why}'
    return headline(phase.message)


def _skip(facts: Facts) -> Assessment:
    skipped = next((phase for phase in facts.phases if phase.outcome == "skipped" and not phase.expected), None)
    return (Outcome.SKIPPED, headline(skipped.message)) if skipped else None


def _emptiness(facts: Facts) -> Assessment:
    if facts.touched:
        return None
    if any(phase.expected and phase.when == "setup" for phase in facts.phases):
        return Outcome.SKIPPED, "it is expected to fail, and did not run"
    if phase := _failed(facts):
        return Outcome.SETUP_ERROR, f"before any page or request: {headline(phase.message)}"
    return Outcome.SETUP_ERROR, "the test opened no page and sent no request: nothing was measured"


def _failure(facts: Facts) -> Assessment:
    phase = _failed(facts)
    if phase is None:
        return None
    if phase.kind == ErrorKind.NAVIGATION:
        return Outcome.FAILED, headline(phase.message) + _at(facts)
    if phase.kind == ErrorKind.CLOSED:
        what = f"the page closed itself: {headline(phase.message)}"
    elif phase.kind == ErrorKind.TIMEOUT and facts.awaited:
        what = f"time-out waiting for {facts.awaited}"
    else:
        what = _with_cause(headline(phase.message), phase)
    place = f" ({phase.place})" if phase.place and not facts.step else ""
    return Outcome.FAILED, _after_causes(facts, what + _at(facts) + place)


def _after_causes(facts: Facts, what: str) -> str:
    """Return what happened in the end, behind what led to it."""
    causes = "; ".join(facts.causes[:MAX_CAUSES])
    rest = len(facts.causes) - MAX_CAUSES
    more = f" (and {rest} more)" if rest > 0 else ""
    return f"{causes}{more}; then: {what}" if causes else what


def _starvation(facts: Facts) -> Assessment:
    if facts.host is None or facts.host.other_share <= facts.starved_above:
        return None
    return (
        Outcome.INCONCLUSIVE,
        f"this host was starved: other programs used {per_cent(facts.host.other_share, '.0f')} of its processors",
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
