"""Reads Playwright's traces: zip files of attempts that ended, raw files of attempts that were cut short.

The format is Playwright's own (version 8 and up: `before`, `log`, `after`, `console` and `event` records, one JSON
object a line; stacks by call id in a file of their own). Records of an unknown type are passed over.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from outrider.model import session_addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_LINE = 2_000_000
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)  # what reading a damaged entry raises


@dataclass(slots=True)
class Call:
    """One call of Playwright's API, as the browser server saw it.

    Attributes:
        start_ms: Wall clock, milliseconds since the epoch.
        duration_ms: On the server's monotonic clock; None if the call never ended.
        log: What Playwright wrote about it; locators stand there as the test wrote them.
        stack: (file, line) pairs, innermost first; only in traces that ended.
        written: What the test has waited for, in its own words; empty where that is not known.
    """

    owner: str
    method: str
    title: str
    params: dict[str, Any]
    start_ms: float
    duration_ms: float | None = None
    error: str | None = None
    log: list[str] = field(default_factory=list)
    stack: list[tuple[str, int]] = field(default_factory=list)
    written: str = ""


@dataclass(frozen=True, slots=True)
class PageError:
    """A console error or an exception of a page."""

    is_exception: bool
    message: str
    stack: str
    url: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class ShownDialog:
    """A dialog that a page has shown: alert, confirm, prompt or beforeunload."""

    kind: str
    message: str
    at_ms: float


@dataclass(slots=True)
class Trace:
    """The records of one or more traces, in order of time.

    Attributes:
        offline: Whether the test made a context without a network.
        addresses: Of sessions in other tools that consoles name, each with its tool.
    """

    calls: list[Call] = field(default_factory=list)
    page_errors: list[PageError] = field(default_factory=list)
    dialogs: list[ShownDialog] = field(default_factory=list)
    pages: int = 0
    offline: bool = False
    addresses: dict[str, str] = field(default_factory=dict)

    def merged(self, other: Trace) -> Trace:
        """Return both, in order of time."""
        return Trace(
            sorted([*self.calls, *other.calls], key=lambda call: call.start_ms),
            sorted([*self.page_errors, *other.page_errors], key=lambda error: error.at_ms),
            sorted([*self.dialogs, *other.dialogs], key=lambda dialog: dialog.at_ms),
            self.pages + other.pages,
            self.offline or other.offline,
            self.addresses | other.addresses,
        )


def read_trace(path: Path) -> Trace:
    """Return the records of a trace: a zip file that Playwright exported, or a raw `.trace` file of a killed test.

    A file that is missing, cut off or damaged gives what could be read of it, which may be nothing.
    """
    try:
        if path.suffix == ".trace":
            with path.open("rb") as lines:
                return _parse(lines, {})
        with zipfile.ZipFile(path) as archive:
            return _read_archive(archive)
    except (OSError, zipfile.BadZipFile):
        return Trace()


def _read_archive(archive: zipfile.ZipFile) -> Trace:
    trace = Trace()
    names = archive.namelist()
    stacks: dict[str, list[tuple[str, int]]] = {}
    for name in names:
        if name.endswith(".stacks"):
            with suppress(*_DAMAGES, ValueError, LookupError, TypeError):
                stacks |= _parse_stacks(json.loads(archive.read(name)))
    for name in names:
        if name.endswith(".trace"):
            with suppress(*_DAMAGES), archive.open(name) as lines:
                trace = trace.merged(_parse(lines, stacks))
    return trace


def _parse_stacks(document: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    files = document["files"]
    return {call: [(files[frame[0]], frame[1]) for frame in frames] for call, frames in document["stacks"]}


def _parse(lines: Iterable[bytes], stacks: dict[str, list[tuple[str, int]]]) -> Trace:
    trace = Trace()
    calls: dict[str, Call] = {}
    shift_ms = 0.0
    for record in _records(lines):
        match record.get("type"):
            case "context-options":
                shift_ms = record["wallTime"] - record["monotonicTime"]
                trace.offline |= bool(record.get("options", {}).get("offline"))
            case "before":
                calls[record["callId"]] = call = _begin(record, shift_ms, stacks.get(record["callId"], []))
                trace.calls.append(call)
            case "log" | "after":
                if begun := calls.get(record["callId"]):
                    _continue(begun, record, shift_ms)
            case "console" | "event":
                _take_event(trace, record, shift_ms)
            case _:
                pass
    return trace


def _records(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if len(line) > MAX_LINE:  # a message of megabytes: its beginning is enough, and JSON it is no more
            continue
        try:
            record = json.loads(line)
        except ValueError:  # the last line of a killed test
            continue
        if isinstance(record, dict):
            yield record


def _begin(record: dict[str, Any], shift_ms: float, stack: list[tuple[str, int]]) -> Call:
    return Call(
        owner=record.get("class", ""),
        method=record.get("method", ""),
        title=record.get("title", ""),
        params=record.get("params", {}),
        start_ms=record["startTime"] + shift_ms,
        stack=stack,
    )


def _continue(call: Call, record: dict[str, Any], shift_ms: float) -> None:
    if record["type"] == "log":
        call.log.append(record["message"])
        return
    call.duration_ms = record["endTime"] + shift_ms - call.start_ms
    error = record.get("error")
    if error:
        call.error = str(error.get("message") or error.get("name") or "error")


def _console_error(record: dict[str, Any], shift_ms: float) -> PageError:
    location = record.get("location", {})
    place = f"{location.get('url', '')}:{location.get('lineNumber', 0) + 1}"
    return PageError(False, record.get("text", ""), place, location.get("url", ""), record["time"] + shift_ms)


def _take_event(trace: Trace, record: dict[str, Any], shift_ms: float) -> None:
    method, params = record.get("method"), record.get("params", {})
    if record.get("messageType") == "error":
        trace.page_errors.append(_console_error(record, shift_ms))
    elif record.get("type") == "console":
        trace.addresses |= session_addresses([str(record.get("text", ""))])
    elif method == "page":
        trace.pages += 1
    elif method == "dialog":
        kind, message = str(params.get("type", "")), str(params.get("message", ""))
        trace.dialogs.append(ShownDialog(kind, message, record["time"] + shift_ms))
    elif method == "pageError":
        outer = params.get("error", {})
        error = outer.get("error") or {"message": str(outer.get("value", outer))}
        url = params.get("location", {}).get("url", "")
        message = f"{error.get('name') or 'Error'}: {error.get('message', '')}"
        trace.page_errors.append(PageError(True, message, error.get("stack", ""), url, record["time"] + shift_ms))


_PASSWORD_FIELD = re.compile(r'locator resolved to <input [^>]*type="password"', re.IGNORECASE)


def typed_passwords(trace: Trace) -> set[str]:
    """Return what was typed into password fields: Playwright's log names the field, the parameters hold the value."""
    return {
        str(value)
        for call in trace.calls
        if any(_PASSWORD_FIELD.search(message) for message in call.log)
        if (value := call.params.get("value") or call.params.get("text"))
    }
