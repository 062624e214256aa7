"""Stacks as run times print them -> exceptions with frames. Pure, in linear time, of any text.

OpenTelemetry sends them so, as `exception.stacktrace`: "a stacktrace as a string in the natural representation for the
language runtime" (semantic conventions, exceptions). Python prints the innermost call last, all others first; what
caused an exception follows it in Java and Node, stands before it in Python, and within it in .NET.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from outrider.errors.browser_stack import browser_frames
from outrider.errors.library_code import is_library
from outrider.model import ErrorException, StackFrame

_MOST_LINES: Final = 2_000
_MOST_FRAMES: Final = 250
_MOST_EXCEPTIONS: Final = 50
_LINE_CHARACTERS: Final = 2_048
_NAME_CHARACTERS: Final = 500
_VALUE_CHARACTERS: Final = 8_192
_PYTHON: Final = re.compile(r'File "([^"]+)", line (\d{1,9})(?:, in (\S.*))?\Z')
_JAVA: Final = re.compile(
    r"at (?:[\w.-]+(?:@[\w.-]+)?//?)?([\w.$/<>-]+)"
    r"\(([^():\s]+\.\w+|Native Method|Unknown Source|SourceFile|<generated>)(?::(\d{1,9}))?\)(?: [~\[].*)?\Z"
)
"""Behind the parentheses Logback writes the name of a jar."""
_DOTNET: Final = re.compile(r"at ([^\s()]+(?: [^\s()]+)?)\(([^()]*)\)(?: in (.+):line (\d{1,9}))?\Z")
_NODE: Final = re.compile(r"at (?:async )?(?:([^()]+) \()?([^\s()]+?):(\d{1,9}):(\d{1,9})\)?\Z")
_RUBY: Final = re.compile(r"(?:\d+: )?(?:from )?([^\s:]+):(\d{1,9}):in [`']([^']+)'(?:: (.*) \(([\w:]+)\))?\Z")
_PHP: Final = re.compile(r"#\d{1,5} ([^\s()]+)\((\d{1,9})\): ([^()]+)\(.*\)\Z")
_GO_PLACE: Final = re.compile(r"(/?\S+\.(?:go|s)):(\d{1,9})(?: \+0x[0-9a-f]+)?\Z")
_CAUSE: Final = re.compile(r"(?:Caused by: |---> |\[cause\]: |Suppressed: )([\w.$\\]+)(?:: (.*))?\Z")
_TYPE: Final = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?\Z")
_NEXT: Final = ("The above exception was the direct cause", "During handling of the above exception")
_INNER_END: Final = "--- End of inner exception stack trace"


@dataclass(slots=True)
class _Draft:
    """An exception while its lines are read; frames are in the order of the text."""

    type: str = ""
    value: str = ""
    frames: list[StackFrame] = field(default_factory=list)


def stack_exceptions(stack: str, kind: str, value: str) -> tuple[ErrorException, ...]:
    """Return the exceptions of a stack as it was printed, the first cause first, with the outermost calls first.

    Where nothing is known of its form, there is one exception without frames.

    Args:
        stack: Of any language.
        kind: The type of the exception that was raised last, and `value`: its message.
    """
    drafts = _drafts(stack)
    if not any(draft.frames for draft in drafts):
        frames = browser_frames(stack, f"{kind}: {value}")
        return (ErrorException(kind, value, frames=frames),)
    raised = drafts[-1]
    raised.type, raised.value = kind or raised.type, value or raised.value
    is_python = 'File "' in stack
    return tuple(
        ErrorException(draft.type, draft.value[:_VALUE_CHARACTERS], frames=_ordered(draft.frames, is_python=is_python))
        for draft in drafts
    )


def _ordered(frames: list[StackFrame], *, is_python: bool) -> tuple[StackFrame, ...]:
    return tuple(frames[-_MOST_FRAMES:] if is_python else reversed(frames[:_MOST_FRAMES]))


def _drafts(stack: str) -> list[_Draft]:
    """Return the exceptions that a text tells of, the first cause first."""
    drafts, current = [_Draft()], 0  # those after `current` wrap it
    before = ""
    for line in stack.split("\n", _MOST_LINES)[:_MOST_LINES]:
        text = line[:_LINE_CHARACTERS].strip().removesuffix(" {")  # Node, before the cause
        draft = drafts[current]
        frame = _frame(text, before)
        before = text.rpartition("(")[0] if frame is None and text.endswith(")") else ""
        if frame is not None:
            draft.frames.append(frame)
        elif cause := _CAUSE.search(text):
            drafts.insert(current, _Draft(cause[1], cause[2] or ""))
            del drafts[_MOST_EXCEPTIONS:]
        elif text.startswith(_NEXT):
            drafts.append(_Draft())
            current = len(drafts) - 1
            if current >= _MOST_EXCEPTIONS:
                del drafts[0]
                current -= 1
        elif text.startswith(_INNER_END):
            current = min(current + 1, len(drafts) - 1)
        elif draft.frames and not draft.type and not line[:1].isspace() and (named := _TYPE.match(text)):
            draft.type, draft.value = named[1], named[2] or ""  # Python's last line
    return drafts


def _frame(text: str, function: str) -> StackFrame | None:
    """Return the call of a line; `function` is what the line before calls, as in Go, where the place stands below."""
    if text.startswith("File "):
        match = _PYTHON.match(text)
        return _made("", match[3] or "", match[1], match[2]) if match else None
    if text.startswith("at "):
        return _frame_at(text)
    if "." in function and (match := _GO_PLACE.match(text)):
        return _made(*_go_names(function), match[1], match[2])
    if match := _RUBY.match(text):
        return _made("", match[3], match[1], match[2])
    if match := _PHP.match(text):
        module, _, name = match[3].replace("->", "::").rpartition("::")
        return _made(module, name, match[1], match[2])
    return None


def _frame_at(text: str) -> StackFrame | None:
    if match := _JAVA.match(text):
        module, _, name = match[1].rpartition(".")
        return _made(module, name, match[2] if match[3] else "", match[3] or "0")
    if match := _NODE.match(text):
        return _made("", match[1] or "", match[2].removeprefix("file://").partition("?")[0], match[3], match[4])
    if match := _DOTNET.match(text):
        module, _, name = match[1].removeprefix("async ").rpartition(".")
        return _made(module, name, match[3] or "", match[4] or "0")
    return None


def _go_names(function: str) -> tuple[str, str]:
    folder, mark, rest = function.rpartition("/")
    package, _, name = rest.partition(".")
    return f"{folder}{mark}{package}", name


def _made(module: str, function: str, path: str, line: str, column: str = "0") -> StackFrame:
    return StackFrame(
        module=module[:_NAME_CHARACTERS],
        function=function[:_NAME_CHARACTERS],
        path=path[:_NAME_CHARACTERS],
        line=int(line),
        column=int(column),
        in_app=not is_library(path, f"{module}."),
    )
