"""The text by which people look for issues, on pages and at the command line. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from outrider.model import IssueOrder, IssueQuery, IssueState, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD: Final = re.compile(r'(?:([A-Za-z_][\w.-]{0,63}):)?("(?:[^"\\]|\\.)*"|\S+)')
_LENGTH: Final = re.compile(r"(\d{1,5})(m|h|d|w)")
_UNIT_US: Final = {"m": 60 * 10**6, "h": 3_600 * 10**6, "d": 86_400 * 10**6, "w": 7 * 86_400 * 10**6}
OPEN_STATES: Final = frozenset(IssueState) - {IssueState.RESOLVED, IssueState.IGNORED}
"""States of issues that nobody has dealt with."""
ISSUE_STATES: Final[dict[str, frozenset[IssueState]]] = {
    "open": OPEN_STATES, "all": frozenset(), **{own.value: frozenset({own}) for own in IssueState},
}  # fmt: skip
_SLUG: Final = "bad-query"


def issue_query(text: str, now_us: int) -> IssueQuery:
    """Return what a text asks for: words, and `name:value` for states, fields and tags; open issues by default.

    Raises:
        UsageError: bad-query.
    """
    query, words = IssueQuery(now_us, OPEN_STATES), []
    for match in _WORD.finditer(text[:1_000]):
        name, value = match[1] or "", _unquoted(match[2])
        if not name:
            words.append(value)
        elif name in ISSUE_FIELDS:
            query = ISSUE_FIELDS[name](query, value)
        else:
            query = replace(query, tags=(*query.tags, (name, value)))
    return replace(query, text=" ".join(words))


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if is_quoted else text


def _state(query: IssueQuery, value: str) -> IssueQuery:
    if value not in ISSUE_STATES:
        raise UsageError(
            f"{value[:40]!r} is no state of an issue", slug=_SLUG, fix=f"write one of {', '.join(ISSUE_STATES)}"
        )
    return replace(query, states=ISSUE_STATES[value])


def _order(query: IssueQuery, value: str) -> IssueQuery:
    if value not in frozenset(IssueOrder):
        fix = f"write one of {', '.join(IssueOrder)}"
        raise UsageError(f"issues cannot be ordered by {value[:40]!r}", slug=_SLUG, fix=fix)
    return replace(query, order=IssueOrder(value))


def _project(query: IssueQuery, value: str) -> IssueQuery:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise UsageError(f"project:{value[:40]} is no number", slug=_SLUG, fix="see outrider project")
    return replace(query, project=int(value))


def _assignee(query: IssueQuery, value: str) -> IssueQuery:
    return replace(query, assignee="" if value == "nobody" else value)


def _since_us(query: IssueQuery, value: str) -> int:
    match = _LENGTH.fullmatch(value)
    if match is None:
        raise UsageError(f"{value[:40]!r} is no length of time", slug=_SLUG, fix="such as 30m, 24h, 7d or 2w")
    return query.now_us - int(match[1]) * _UNIT_US[match[2]]


ISSUE_FIELDS: Final[dict[str, Callable[[IssueQuery, str], IssueQuery]]] = {
    "is": _state,
    "sort": _order,
    "project": _project,
    "assigned": _assignee,
    "service": lambda query, value: replace(query, service=value),
    "level": lambda query, value: replace(query, level=value),
    "seen": lambda query, value: replace(query, since_us=_since_us(query, value)),
    "new": lambda query, value: replace(query, new_since_us=_since_us(query, value)),
}
