"""Stacks as browsers write them -> frames. Pure, in linear time, of any text.

Chromium writes `at function (address:line:column)`, innermost first, after the message; Firefox and WebKit write
`function@address:line:column` without it. There is no standard: https://github.com/tc39/proposal-error-stacks
"""

from __future__ import annotations

from typing import Final

from outrider.model import StackFrame

_MOST_LINES: Final = 500
_MOST_FRAMES: Final = 250
_LINE_CHARACTERS: Final = 4_096
_NAME_CHARACTERS: Final = 500
_DIGITS: Final = 9
_NATIVE: Final = ("<anonymous>", "[native code]", "native")
_OTHERS: Final = ("node_modules/", "/vendor/", "chrome-extension://", "moz-extension://", "safari-web-extension://")


def browser_frames(stack: str, message: str = "") -> tuple[StackFrame, ...]:
    """Return the calls of a stack, the outermost first; lines that are none are passed over.

    Addresses lose their query and fragment. Of a longer stack the 250 innermost calls are kept.

    Args:
        stack: What `Error.stack` says.
        message: Its first lines, if it begins with them, which may look like calls.
    """
    lines = stack.removeprefix(message).split("\n", _MOST_LINES)[:_MOST_LINES]
    frames = [frame for line in lines if (frame := _frame(line[:_LINE_CHARACTERS].strip())) is not None]
    return tuple(reversed(frames[:_MOST_FRAMES]))


def _frame(line: str) -> StackFrame | None:
    if line.startswith("at "):
        return _chromium_frame(line.removeprefix("at ").removeprefix("async "))
    function, mark, place = line.partition("@")
    return _made(function.removeprefix("async*"), place) if mark else None


def _chromium_frame(text: str) -> StackFrame | None:
    if not text.endswith(")") or " (" not in text:
        return _made("", text)
    function, _, place = text[:-1].partition(" (")
    if place.startswith("eval at "):  # eval at outer (address:line:column), <anonymous>:1:1
        place = place.rpartition("(")[2].partition(")")[0]
    if place.startswith("index "):  # of Promise.all
        place = "<anonymous>"
    return _made(function.partition(" [as ")[0], place)


def _made(function: str, place: str) -> StackFrame | None:
    address, line, column = _position(place)
    evaluated, is_evaluated, _ = address.partition(" > ")
    if is_evaluated:  # Firefox: address line 3 > eval:1:1
        address, _, number = evaluated.rpartition(" line ")
        line, column = _number(number), 0
    path = address.partition("?")[0].partition("#")[0]
    if path not in _NATIVE and ("://" not in path or not line):
        return None
    is_own = path not in _NATIVE and not any(part in path for part in _OTHERS)
    return StackFrame(
        function=function[:_NAME_CHARACTERS], path=path[:_NAME_CHARACTERS], line=line, column=column, in_app=is_own
    )


def _position(place: str) -> tuple[str, int, int]:
    """Return an address, a line and a column; zero where there is none."""
    rest, _, last = place.rpartition(":")
    if not _number(last):
        return place, 0, 0
    address, _, line = rest.rpartition(":")
    return (address, _number(line), _number(last)) if _number(line) else (rest, _number(last), 0)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 0
