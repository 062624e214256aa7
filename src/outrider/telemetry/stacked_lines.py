"""Which lines of a log make one record: stacks and other indented lines belong to what stands above them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from outrider.telemetry.line_reader import begins_with_time

_CONTINUE: Final = (
    b" ", b"\t", b"}", b"Caused by: ", b"Suppressed: ", b"Traceback (most recent call last)", b"... ", b"at ",
    b"During handling of the above exception", b"The above exception was the direct cause",
)  # fmt: skip
_OPENS: Final = b"Traceback (most recent call last)"


class Grouping(StrEnum):
    """What one record is."""

    STACK = "stack"
    """A line, and the lines of a stack or indented ones below it."""
    TIME = "time"
    """A line that begins with date and time, or is JSON, and all below it until the next."""
    LINE = "line"
    """A line."""


def split_records(data: bytes, grouping: Grouping, *, is_idle: bool, is_whole: bool) -> tuple[list[bytes], int]:
    """Return the records that are complete, and how many bytes they take.

    Args:
        data: Begins with a record.
        is_idle: Nothing follows for now: the last lines are a record, though more could come to stand below them.
        is_whole: Nothing follows at all: even a line without an end is one.
    """
    lines = data.split(b"\n")
    unended = lines.pop()
    if is_whole and unended:
        lines.append(unended)
    groups: list[list[bytes]] = []
    used = begun = 0
    state = _Stack()
    for line in lines:
        text = line.rstrip(b"\r")
        if not (groups and state.continues(text, grouping)):
            begun = used
            groups.append([])
            state = _Stack(is_open=text.startswith(_OPENS))
        groups[-1].append(text)
        used += len(line) + 1
    used = min(used, len(data))
    if not (is_idle or is_whole or grouping is Grouping.LINE) and groups:
        groups.pop()
        used = begun
    records = (b"\n".join(group).rstrip() for group in groups)
    return [record for record in records if record], used


class _Stack:
    """What the lines of a record above make of the next one."""

    def __init__(self, *, is_open: bool = False) -> None:
        self._is_open = is_open  # a traceback of Python, whose last line is not indented

    def continues(self, line: bytes, grouping: Grouping) -> bool:
        """Return whether a line belongs to the record above it."""
        if grouping is Grouping.LINE or line.startswith(b"{") or begins_with_time(line[:64].decode("latin-1")):
            return False
        if grouping is Grouping.TIME or not line:
            return True
        if line.startswith(_CONTINUE):
            self._is_open = self._is_open or line.startswith(_OPENS)
            return True
        was_open, self._is_open = self._is_open, False
        return was_open
