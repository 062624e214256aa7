"""Playwright's traces are read as far as they can be."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys.trace import MAX_LINE, Call, Trace, read_trace, typed_passwords

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = {"type": "context-options", "version": 8, "wallTime": 1_000_000.0, "monotonicTime": 500.0}
BEFORE = {
    "type": "before", "callId": "call@1", "startTime": 600.0, "class": "Frame", "method": "click", "title": "",
    "params": {"selector": "#pay"},
}  # fmt: skip
LOG = {"type": "log", "callId": "call@1", "time": 601.0, "message": "waiting for locator('#pay')"}
AFTER = {"type": "after", "callId": "call@1", "endTime": 642.5}
STACKS = {"files": ["/venv/api.py", "/w/test_a.py"], "stacks": [["call@1", [[0, 9, 1, "click"], [1, 12, 1, "test"]]]]}


def lines(*records: object) -> bytes:
    """Return records as the lines of a raw trace."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def raw(folder: Path, content: bytes) -> Path:
    """Write a raw trace."""
    path = folder / "1.trace"
    path.write_bytes(content)
    return path


def archive(folder: Path, **entries: bytes) -> Path:
    """Write an exported trace whose entries' names have their last `_` for a dot."""
    path = folder / "1.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name.replace("_", "."), content)
    return path


def test_a_raw_trace_gives_calls_on_the_wall_clock(tmp_path: Path) -> None:
    """The monotonic times of the server are shifted by what its first record tells."""
    path = raw(tmp_path, lines(OPTIONS, BEFORE, LOG, AFTER))

    trace = read_trace(path)

    assert trace.calls == [
        Call("Frame", "click", "", {"selector": "#pay"}, 1_000_100.0, 42.5, None, ["waiting for locator('#pay')"])
    ]


def test_an_exported_trace_gives_its_calls_with_stacks_and_merges_its_parts(tmp_path: Path) -> None:
    """Stacks stand in a file of their own; several traces in one archive are put in order of time."""
    late = {**OPTIONS, "wallTime": 2_000_000.0}
    path = archive(
        tmp_path,
        a_trace=lines(late, {**BEFORE, "callId": "call@2", "method": "fill"}),
        b_trace=lines(OPTIONS, BEFORE, AFTER),
        b_stacks=json.dumps(STACKS).encode(),
        b_network=b"not ours",
    )

    trace = read_trace(path)

    assert [(call.method, call.duration_ms) for call in trace.calls] == [("click", 42.5), ("fill", None)]
    assert trace.calls[0].stack == [("/venv/api.py", 9), ("/w/test_a.py", 12)]


@pytest.mark.parametrize(
    "junk",
    [
        b'{"type": "after", "callId": "call@1", "endT',
        b"\xff\xfe\x00\n",
        b"\n\n",
        b"[1, 2]\n",
        b"null\n",
        lines({"type": "screencast-frame", "sha1": "x"}, {"type": "from the future"}, {"no": "type"}),
        lines({"type": "after", "callId": "call@unknown", "endTime": 1.0}),
        lines({"type": "log", "callId": "call@unknown", "time": 1.0, "message": "x"}),
        lines({"type": "event", "method": "unknown", "params": {}, "time": 1.0}),
        lines({"type": "console", "messageType": "log", "text": "hello", "time": 1.0}),
        lines({"type": "console", "messageType": "error", "text": "x" * MAX_LINE, "time": 1.0}),
    ],
    ids=["cut off", "not text", "empty", "list", "null", "unknown", "after", "log", "event", "console", "huge"],
)
def test_what_cannot_be_read_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    """A killed test leaves half a line; later versions write records that we do not know."""
    path = raw(tmp_path, lines(OPTIONS, BEFORE) + junk)

    trace = read_trace(path)

    assert [(call.method, call.duration_ms) for call in trace.calls] == [("click", None)]
    assert trace.page_errors == []


@pytest.mark.parametrize("name", ["missing.zip", "missing.trace"])
def test_a_missing_trace_is_empty(tmp_path: Path, name: str) -> None:
    """A test that opened no context leaves none."""
    path = tmp_path / name

    trace = read_trace(path)

    assert trace == Trace()


def test_a_file_that_is_no_archive_is_empty(tmp_path: Path) -> None:
    """What was cut before its directory was written cannot be opened."""
    path = archive(tmp_path, a_trace=lines(OPTIONS, BEFORE))
    path.write_bytes(path.read_bytes()[:-30])

    trace = read_trace(path)

    assert trace == Trace()


@pytest.mark.parametrize("at", range(40, 80, 4))
def test_a_damaged_entry_leaves_the_other_entries_readable(tmp_path: Path, at: int) -> None:
    """Bits that flipped in one file of the archive cost at most that file."""
    path = archive(tmp_path, a_trace=lines(OPTIONS, BEFORE, LOG), b_trace=lines(OPTIONS, BEFORE, AFTER))
    content = bytearray(path.read_bytes())
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)

    trace = read_trace(path)

    assert 42.5 in [call.duration_ms for call in trace.calls]


@pytest.mark.parametrize("stacks", [b"", b"{", b"[]", b'{"files": [], "stacks": [["call@1", [[7, 1]]]]}'])
def test_damaged_stacks_cost_only_the_stacks(tmp_path: Path, stacks: bytes) -> None:
    """Durations matter more than the line of a call."""
    path = archive(tmp_path, a_trace=lines(OPTIONS, BEFORE, AFTER), a_stacks=stacks)

    trace = read_trace(path)

    assert [(call.duration_ms, call.stack) for call in trace.calls] == [(42.5, [])]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"name": "TimeoutError", "message": "Timeout 5ms exceeded."}, "Timeout 5ms exceeded."),
        ({"name": "TimeoutError", "message": ""}, "TimeoutError"),
        ({"stack": "x"}, "error"),
        (None, None),
    ],
)
def test_a_call_s_error_is_its_message_or_its_name(
    tmp_path: Path, error: dict[str, str] | None, expected: str | None
) -> None:
    """An error without either is an error still."""
    path = raw(tmp_path, lines(OPTIONS, BEFORE, {**AFTER, "error": error}))

    (call,) = read_trace(path).calls

    assert call.error == expected


def page_error(error: dict[str, Any]) -> dict[str, Any]:
    """Return the record of an exception that a page let go."""
    return {"type": "event", "method": "pageError", "time": 700.0, "class": "BrowserContext",
            "params": {"error": error, "location": {"url": "http://a.test/x.js"}}}  # fmt: skip


@pytest.mark.parametrize(
    ("error", "message", "stack"),
    [
        ({"error": {"name": "TypeError", "message": "x is null", "stack": "at f"}}, "TypeError: x is null", "at f"),
        ({"error": {"message": "x is null"}}, "Error: x is null", ""),
        ({"value": "thrown text"}, "Error: thrown text", ""),
    ],
)
def test_an_exception_of_a_page_is_an_error(tmp_path: Path, error: dict[str, Any], message: str, stack: str) -> None:
    """What was thrown need not be an Error."""
    path = raw(tmp_path, lines(OPTIONS, page_error(error)))

    (thrown,) = read_trace(path).page_errors

    assert (thrown.is_exception, thrown.message, thrown.stack) == (True, message, stack)
    assert (thrown.url, thrown.at_ms) == ("http://a.test/x.js", 1_000_200.0)


def test_an_error_on_the_console_is_a_page_error(tmp_path: Path) -> None:
    """Its place is told with lines counted from one; plain messages are none."""
    location = {"url": "http://a.test/x.js", "lineNumber": 4, "columnNumber": 0}
    console = {"type": "console", "messageType": "error", "text": "404", "time": 650.0, "location": location}
    path = raw(tmp_path, lines(OPTIONS, console, {**console, "messageType": "warning"}))

    (error,) = read_trace(path).page_errors

    assert (error.is_exception, error.message, error.at_ms) == (False, "404", 1_000_150.0)
    assert (error.stack, error.url) == ("http://a.test/x.js:5", "http://a.test/x.js")


def test_pages_are_counted_over_all_traces(tmp_path: Path) -> None:
    """Each tells of its own."""
    page = {"type": "event", "method": "page", "params": {}, "time": 510.0}
    path = archive(tmp_path, a_trace=lines(OPTIONS, page, page), b_trace=lines(OPTIONS, page))

    trace = read_trace(path)

    assert trace.pages == 3


@pytest.mark.parametrize(
    ("field", "params", "typed"),
    [
        ('<input id="p" type="password" name="p"/>', {"value": "hunter2"}, {"hunter2"}),
        ('<INPUT TYPE="password">', {"text": "hunter2"}, {"hunter2"}),
        ('<input type="password">', {"value": ""}, set()),
        ('<input type="text" title="password">', {"value": "ann"}, set()),
        ("<button>", {}, set()),
    ],
)
def test_what_was_typed_into_a_password_field_is_found(field: str, params: dict[str, str], typed: set[str]) -> None:
    """The log names the field that a locator resolved to, and the parameters hold the value."""
    call = Call("Frame", "fill", "", params, 0.0, log=["waiting for x", f"  locator resolved to {field}"])

    passwords = typed_passwords(Trace([call]))

    assert passwords == typed
