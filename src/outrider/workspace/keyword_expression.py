"""Expressions over the names of checks, as in pytest's `-k`: substrings with `and`, `or`, `not` and brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN: Final = re.compile(r"\s*(\(|\)|[^\s()]+)")
_WORDS: Final = frozenset({"and", "or", "not", "(", ")"})


def keyword_filter(expression: str) -> Callable[[str], bool]:
    """Return a test for texts that hold the words of an expression, in upper or lower case.

    Raises:
        UsageError: bad-expression.
    """
    parser = _Parser(_TOKEN.findall(expression), expression)
    condition = parser.either()
    if parser.tokens:
        raise parser.error(f"{parser.tokens[0]!r} is out of place")
    return lambda text: condition(text.casefold())


class _Parser:
    """Reads tokens from the left; each method returns a test for the text of a check."""

    def __init__(self, tokens: list[str], expression: str) -> None:
        self.tokens = tokens
        self._expression = expression

    def either(self) -> Callable[[str], bool]:
        left = self._both()
        while self._take("or"):
            left = _any_of(left, self._both())
        return left

    def error(self, what: str) -> UsageError:
        return UsageError(
            f'"{self._expression}" is no expression over names: {what}',
            slug="bad-expression",
            fix='write words, such as -k "checkout and not slow", or -k "(login or search) and mobile"',
        )

    def _both(self) -> Callable[[str], bool]:
        left = self._single()
        while self._take("and"):
            left = _all_of(left, self._single())
        return left

    def _single(self) -> Callable[[str], bool]:
        if self._take("not"):
            inner = self._single()
            return lambda text: not inner(text)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self.error("a bracket is not closed")
            return inner
        if not self.tokens or self.tokens[0] in _WORDS:
            raise self.error(f"a word is missing before {self.tokens[0]!r}" if self.tokens else "a word is missing")
        word = self.tokens.pop(0).casefold()
        return lambda text: word in text

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False


def _any_of(left: Callable[[str], bool], right: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: left(text) or right(text)


def _all_of(left: Callable[[str], bool], right: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: left(text) and right(text)
