"""Stacks that servers print into what they answer: text, a page for developers, a field of JSON. Pure."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.text_stack import stack_exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import ErrorException

_READ_BYTES: Final = 256 << 10
_STACK_CHARACTERS: Final = 16_000
_DEPTH: Final = 6
_BEGIN: Final = re.compile(
    r"Traceback \(most recent call last\):"
    r"|^[ \t]*[\w.$\\]{1,200}(?:Error|Exception|Throwable|Fault|Panic)\b[^\n]{0,2000}\n[ \t]+at ",
    re.MULTILINE,
)
_MARKUP: Final = re.compile(r"</\w|-->")
_NAMED: Final = re.compile(r"\s*(?:Unhandled exception\. )?([A-Za-z_][\w.$\\]{0,199})(?:: ([^\n]*))?(?:\n|\Z)")


def printed_stack(answer: bytes) -> str:
    """Return the stack that an answer has in it, from its first line on; "" where there is none."""
    data = answer[:_READ_BYTES].decode("utf-8", "replace")
    is_json = data.lstrip()[:1] in {"{", "["}
    for text in _strings(_json(data), _DEPTH) if is_json else (data,):
        begin = _BEGIN.search(text)
        stack = text[begin.start() :][:_STACK_CHARACTERS].strip() if begin else ""
        if stack and not is_json:
            stack = html.unescape(_MARKUP.split(stack, 1)[0]).strip()
        if stack and named_exceptions(stack):
            return stack.encode("utf-8", "replace").decode()
    return ""


def named_exceptions(stack: str) -> tuple[ErrorException, ...]:
    """Return the exceptions of a printed stack, as `stack_exceptions` does; none where it has no frames."""
    named = None if stack.startswith("Traceback ") else _NAMED.match(stack)
    kind, value = (named[1], named[2] or "") if named else ("", "")
    exceptions = stack_exceptions(stack, kind, value) if stack else ()
    return exceptions if any(own.frames for own in exceptions) else ()


def _json(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, (dict, list)):
        for own in value.values() if isinstance(value, dict) else value:
            yield from _strings(own, depth - 1)
