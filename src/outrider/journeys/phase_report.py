"""What is kept of one phase of a test: its outcome, what was raised there, and where in the suite."""

from __future__ import annotations

import linecache
import re
from traceback import walk_tb
from typing import TYPE_CHECKING

import pytest
from _pytest._code import getfslineno

from outrider.journeys.error_classification import error_kind, is_raised_by_playwright
from outrider.journeys.error_kind import ErrorKind
from outrider.journeys.worker_messages import MAX_TEXT, Phase

if TYPE_CHECKING:
    from types import TracebackType

MAX_MEMBERS = 5
_RAISE = re.compile(r"(^|: )raise ")


def phase_of(report: pytest.TestReport, call: pytest.CallInfo[None], root: str) -> Phase:
    """Return a phase as pytest reports it.

    Args:
        report: Of pytest; plug-ins may have changed its outcome.
        call: What was raised, if anything was.
        root: The folder that the run starts in, with a slash behind it.
    """
    raised = call.excinfo
    return Phase(
        when=report.when,
        outcome=report.outcome,
        duration_ms=call.duration * 1000,
        expected=hasattr(report, "wasxfail"),
        error_type=_name(raised.type) if raised else "",
        message=short(_message(report, call, root)),
        detail=short(report.longreprtext),
        kind=error_kind(raised.value) if raised else "",
        place=(_fixture_place(raised.value, root) or _place(raised.tb, root)) if raised else "",
        cause=_cause(raised.value) if raised else "",
    )


def ended_phase(end: BaseException, root: str) -> Phase:
    """Return the phase of a test that asks for the end of everything: pytest leaves off and reports nothing of it."""
    return Phase(
        when="call",
        outcome="failed",
        duration_ms=0.0,
        error_type=_name(type(end)),
        message=short(_text(end)),
        kind=ErrorKind.SCRIPT,
        place=_place(end.__traceback__, root),
    )


def short(text: str) -> str:
    """Return a text that is not longer than a message may be."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n… {len(text) - MAX_TEXT} more characters"


def _message(report: pytest.TestReport, call: pytest.CallInfo[None], root: str) -> str:
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    error = call.excinfo.value if call.excinfo else None
    if error is None:
        return report.longreprtext
    if isinstance(error, pytest.FixtureLookupError) and error.argname:
        return f"fixture {error.argname!r} not found"
    if isinstance(error, BaseExceptionGroup):
        return _group_message(error)
    return _text(error) or _statement(error, root)


def _text(error: BaseException) -> str:
    return "" if error.args == (None,) else str(error)


def _cause(error: BaseException) -> str:
    """Return what the suite's own exception was raised from, or while handling; Playwright's have their own words."""
    if error_kind(error) not in {ErrorKind.SCRIPT, ErrorKind.ASSERTION} or is_raised_by_playwright(error):
        return ""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return short(_headline(before)) if isinstance(before, Exception) else ""


def _group_message(group: BaseExceptionGroup[BaseException]) -> str:
    """Return the group's own message and those of its first members, on one line."""
    members = [_headline(member) for member in group.exceptions[:MAX_MEMBERS]]
    return f"{group}: {'; '.join(members)}"


def _headline(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _group_message(error)
    first = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, AssertionError) and first:
        return first
    return f"{type(error).__name__}{f': {first}' if first else ''}"


def _statement(error: BaseException, root: str) -> str:
    """Return the line of the suite's code that an exception without a message comes from; none for a bare `raise`."""
    file, line = _frame(error.__traceback__, root)
    statement = linecache.getline(root + file, line).strip() if file else ""
    is_bare = bool(_RAISE.search(statement)) and error_kind(error) == ErrorKind.SCRIPT
    return "" if is_bare else statement


def _place(traceback: TracebackType | None, root: str) -> str:
    """Return file and line of the innermost frame in the suite itself."""
    file, line = _frame(traceback, root)
    return f"{file}:{line}" if file else ""


def _fixture_place(error: BaseException, root: str) -> str:
    """Return where the function stands that asks for a fixture which does not exist; empty for any other error."""
    if not isinstance(error, pytest.FixtureLookupError):
        return ""
    asking = [error.request._pyfuncitem.obj, *(definition.func for definition in error.fixturestack)][-1]
    source, line = getfslineno(asking)
    file = str(source)
    return f"{file[len(root) :]}:{line + 1}" if file.startswith(root) else ""


def _frame(traceback: TracebackType | None, root: str) -> tuple[str, int]:
    place = ("", 0)
    for frame, line in walk_tb(traceback):
        file = frame.f_code.co_filename
        if file.startswith(root) and "site-packages" not in file:
            place = (file[len(root) :], line)
    return place


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
