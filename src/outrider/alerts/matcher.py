"""Matchers over labels, as Alertmanager writes them: `team=shop`, `team!=shop`, `check=~.*home`, `check!~…`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import regex

from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TAG = "tag"
_PATTERN_S: Final = 0.05
_FORM = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*("?)(.*?)\3\s*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is absent is empty. Patterns match whole values.

    A pattern that takes too long on a value, such as `(a+)+`, decides nothing: the condition does not hold, negated or
    not, so that a silence mutes nothing and a route passes the incident on.

    `tag` is membership: `tag=money` holds for whatever has that tag among its `tags`, `tag!=money` for what has not.
    """

    label: str
    operator: str
    value: str

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether `labels` fulfil it."""
        values = labels.get("tags", "").split(",") if self.label == _TAG else [labels.get(self.label, "")]
        try:
            return any(map(self._is_same, values)) is not self.operator.startswith("!")
        except TimeoutError:
            return False

    def _is_same(self, value: str) -> bool:
        if "~" not in self.operator:
            return value == self.value
        matches = _matches(self.value, value)
        if matches is None:
            raise TimeoutError
        return matches

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{self.value}"


def parse_matcher(text: str) -> Matcher:
    """Return the matcher that `text` writes.

    Raises:
        UsageError: bad-matcher.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise _bad(text, "it has no operator")
    label, operator, _, value = form.groups()
    if "~" in operator:
        try:
            regex.compile(value)
        except (regex.error, RecursionError, OverflowError) as error:
            raise _bad(text, f"its pattern is wrong: {error}") from None
    return Matcher(label, operator, value)


def all_hold(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether every one of them holds; without any, everything matches."""
    return all(matcher.holds(labels) for matcher in matchers)


def implies(given: Iterable[Matcher], required: Iterable[Matcher]) -> bool:
    """Return whether whatever `given` matches is sure to be matched by `required` too, by its equalities."""
    labels = {matcher.label: matcher.value for matcher in given if matcher.operator == "="}
    return all(matcher.label in labels and matcher.holds(labels) for matcher in required)


@lru_cache(maxsize=4096)
def _matches(pattern: str, value: str) -> bool | None:
    """Return whether a pattern matches a whole value; None if that cannot be told in time, which is remembered."""
    try:
        return regex.fullmatch(pattern, value, timeout=_PATTERN_S) is not None
    except TimeoutError:
        return None


def _bad(text: str, why: str) -> UsageError:
    return UsageError(
        f'"{text}" is not a matcher: {why}',
        slug="bad-matcher",
        fix='write label=value, label!=value, label=~pattern or label!~pattern, such as "kind=journey"',
    )
