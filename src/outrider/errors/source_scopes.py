"""In which function a place of JavaScript or TypeScript lies: by its braces, in linear time, without a parser. Pure.

Bundlers shorten names, and few maps say which function a name was. What authors wrote does, and maps bring it along. A
function without a name is that of the one around it, as Firefox writes it: `checkout/<`. Where braces do not balance,
as in a dialect that is not understood, no function is named rather than a wrong one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST: Final = 2_000_000
_NAME_CHARACTERS: Final = 200
_LOOKS_BACK: Final = 40
_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*[\s\S]*?\*/"
    r'|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])*'" r"|`(?:\\.|[^`\\])*`"
    r"|(?<=[(,=:\[!&|?{};+*%~^<>\n])[ \t]*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*"
    r"|\breturn\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*"
    r"|(?P<token>=>|[=!<>]=+|\?\?=?|\?\.|#?[A-Za-z_$][\w$]*|[{}()\[\];,=:*<>?.])"
)  # fmt: skip
_IDENTIFIER: Final = re.compile(r"#?[A-Za-z_$][\w$]*")
_BLOCKS: Final = frozenset({"if", "for", "while", "switch", "catch", "with", "return", "await", "of", "in", "typeof"})
_STATEMENTS: Final = frozenset({"const", "let", "var", "function", "class", "export", "import", "return", "if", "for"})
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(_OPENING.values())
_NAMELESS: Final = "/<"


@dataclass(slots=True)
class _Open:
    """A bracket, or the body of an arrow without one; `name` is that of the function around what follows."""

    bracket: str
    name: str
    owner: str
    at: int


class FunctionScopes:
    """The functions of a text.

    Args:
        text: Up to two million characters; of a longer one no function is known.
    """

    def __init__(self, text: str) -> None:
        self._offsets: list[int] = [0]
        self._names: list[str] = [""]
        self._tokens: list[str] = []
        self._opened: dict[int, int] = {}
        if len(text) <= _LARGEST and not self._read(text):
            self._offsets, self._names = [0], [""]
        self._tokens, self._opened = [], {}

    def at(self, offset: int) -> str:
        """Return the function at an offset; "" if there is none."""
        name = self._names[bisect_right(self._offsets, offset) - 1] if offset >= 0 else ""
        return "" if name == _NAMELESS else name

    def _read(self, text: str) -> bool:
        """Note where functions begin and end; return false if brackets do not balance."""
        tokens, stack = self._tokens, [_Open("", "", "", -1)]
        for match in _TOKEN.finditer(text):
            token = match["token"]
            if token is None:
                continue
            if stack[-1].bracket == "=>" and self._ends_arrow(token, stack, match.start(), text):
                self._note(match.start(), stack)
            if token in _OPENING:
                self._open(token, stack, match.end())
            elif token in _CLOSING:
                if _OPENING.get(stack[-1].bracket) != token:
                    return False
                self._opened[len(tokens)] = stack.pop().at
                self._note(match.start() + 1, stack)
            elif tokens and tokens[-1] == "=>":
                stack.append(_Open("=>", self._function(len(tokens) - 1, stack), stack[-1].owner, len(tokens)))
                self._note(match.start(), stack)
            tokens.append(token)
        while stack[-1].bracket == "=>":
            stack.pop()
        return len(stack) == 1

    def _ends_arrow(self, token: str, stack: list[_Open], start: int, text: str) -> bool:
        """Leave the bodies of arrows that end before a token; return whether any did."""
        ends = token in _CLOSING or token in {",", ";"}
        if not ends and token in _STATEMENTS:
            ends = "\n" in text[max(0, start - 200) : start].rpartition(self._tokens[-1])[2]
        was = len(stack)
        while ends and stack[-1].bracket == "=>":
            stack.pop()
        return len(stack) < was

    def _open(self, bracket: str, stack: list[_Open], end: int) -> None:
        here = stack[-1]
        name, owner = here.name, here.owner if bracket != "{" else ""
        if bracket == "{":
            function = self._function(len(self._tokens) - 1, stack)
            if function:
                name = function
            else:
                owner = self._class()
        elif self._tokens and self._tokens[-1] == "=>":
            stack.append(_Open("=>", self._function(len(self._tokens) - 1, stack), here.owner, len(self._tokens)))
            name = stack[-1].name
        stack.append(_Open(bracket, name, owner, len(self._tokens)))
        self._note(end, stack)

    def _note(self, offset: int, stack: list[_Open]) -> None:
        if self._names[-1] != stack[-1].name:
            self._offsets.append(offset)
            self._names.append(stack[-1].name)

    def _function(self, last: int, stack: list[_Open]) -> str:
        """Return the name of the function whose body follows the token at `last`; "" if that is the body of none."""
        tokens, here = self._tokens, stack[-1]
        nameless = here.name if here.name.endswith(_NAMELESS) else f"{here.name}{_NAMELESS}"
        close = self._parameters(last - 1 if _at(tokens, last) == "=>" else last)
        if _at(tokens, last) == "=>":
            before = self._opened[close] - 1 if close is not None else last - 2
            return self._assigned(before - 1 if _at(tokens, before) == "async" else before) or nameless
        if close is None:
            return ""
        before = self._without_type_arguments(self._opened[close] - 1)
        name = _at(tokens, before)
        if "function" in {name, name == "*" and _at(tokens, before - 1)}:
            before -= 1 if name == "*" else 0
            return self._assigned(before - 2 if _at(tokens, before - 1) == "async" else before - 1) or nameless
        if name == "]" and here.bracket == "{":
            return nameless
        return self._declared(name, before, here)

    def _declared(self, name: str, at: int, here: _Open) -> str:
        """Return the name of a function or method whose name stands at an index; "" if a block begins there."""
        tokens = self._tokens
        if name in _BLOCKS or not _IDENTIFIER.fullmatch(name):
            return ""
        if "function" in tokens[max(0, at - 2) : at] and _at(tokens, at - 1) in {"function", "*"}:
            return name[:_NAME_CHARACTERS]
        is_method = here.bracket == "{" and _at(tokens, at - 1) not in {".", "new", "extends"}
        owner = f"{here.owner}." if here.owner else ""
        return f"{owner}{name}"[:_NAME_CHARACTERS] if is_method else ""

    def _parameters(self, last: int) -> int | None:
        """Return the index of the parenthesis that closes the parameters before a body, past the type of its result."""
        tokens = self._tokens
        if _at(tokens, last) == ")":
            return last
        for index in range(last, max(last - _LOOKS_BACK, 0), -1):
            if tokens[index] in {";", "=", "=>"} or (tokens[index] in {"{", "}"} and index not in self._opened):
                return None
            if tokens[index] == ":" and tokens[index - 1] == ")":
                return index - 1
        return None

    def _without_type_arguments(self, last: int) -> int:
        """Return the index before `<T>`, if that ends at `last`."""
        depth = 0
        for index in range(last, max(last - _LOOKS_BACK, -1), -1):
            depth += {">": 1, "<": -1}.get(self._tokens[index], 0)
            if depth <= 0:
                return index - 1 if self._tokens[index] == "<" else last
        return last

    def _assigned(self, last: int) -> str:
        """Return the name that a value which begins behind `last` gets: `name =`, `name:`, `const name: Type =`."""
        tokens = self._tokens
        mark = _at(tokens, last)
        if mark not in {"=", ":"}:
            return ""
        if mark == "=":
            for index in range(last - 1, max(last - _LOOKS_BACK, 0), -1):
                if tokens[index - 1] in {"const", "let", "var"}:
                    return tokens[index][:_NAME_CHARACTERS] if _IDENTIFIER.fullmatch(tokens[index]) else ""
                if tokens[index] in {";", "{", "}", "=", "=>"}:
                    break
        name = _at(tokens, last - 1)
        return name[:_NAME_CHARACTERS] if _IDENTIFIER.fullmatch(name) else ""

    def _class(self) -> str:
        """Return the name of the class whose body follows; "" if another brace does."""
        tokens = self._tokens
        for index in range(len(tokens) - 1, max(len(tokens) - _LOOKS_BACK, -1), -1):
            if tokens[index] == "class":
                name = _at(tokens, index + 1)
                return name if _IDENTIFIER.fullmatch(name) and name not in {"extends", "implements"} else ""
            if tokens[index] in {";", "{", "}", "(", "=>", "="}:
                break
        return ""


def _at(tokens: Sequence[str], index: int) -> str:
    return tokens[index] if 0 <= index < len(tokens) else ""
