"""What people do to issues, on pages, through the API and at the command line; each is noted and audited."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.errors import current, ignored, issue_query, reopened, resolved
from outrider.model import NEXT_RELEASE, IgnoredUntil, IssueId, IssueNote, UsageError, counted
from outrider.workspace import gated, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.app.access.audit_trail import Note
    from outrider.model import ErrorRecords, Excerpt, Issue, IssueLife

ISSUE_ACTIONS: Final = ("resolve", "ignore", "reopen", "assign", "comment", "merge", "split")
_NAME: Final = re.compile(r"#?([0-9]{1,18})")
_MOST: Final = 1_000
_CHARACTERS: Final = 4_000
_ESCALATION: Final = 3
"""An hour has to have so many times the events of the busiest one of the last week."""
_LEAST_HOURLY: Final = 10
_RELEASE_CHARACTERS: Final = 200
_WEEK_HOURS: Final = 7 * 24


def change_issues(
    store: ErrorRecords,
    action: str,
    names: Sequence[str],
    inputs: Mapping[str, str],
    *,
    author: str = "",
    note: Note = command_line_change,
) -> str:
    """Do something to issues; return a line that says what was done.

    Args:
        store: Where they are kept.
        action: One of `ISSUE_ACTIONS`.
        names: Numbers of issues, perhaps with "#" before them; `merge` puts the others into the first.
        inputs: What the action needs: `in` (a release, or "next") to resolve; `for` (a duration), `events`, `users` and
            `escalates` to ignore; `assignee`; `text`; `key` to split.
        author: Who does so; the user of this process if absent.
        note: Says who does so, for the audit log; the command line if absent.

    Raises:
        UsageError: unknown-issue, or bad-argument.
    """
    issues = [issue_number(name) for name in names]
    if not 0 < len(issues) <= _MOST:
        raise UsageError(f"{len(issues)} issues are named", slug="bad-argument", fix=f"name 1 to {_MOST}")
    at_us = now_us()
    text, perform = _planned(store, action, issues, inputs, at_us)
    written = IssueNote(at_us, author or current_user(), action, text)
    shown = " ".join(f"#{issue}" for issue in issues[:20])
    with store.audit.alongside(note(f"error.{action}", shown, text)):
        done = perform(written)
    if not done:
        what = f"there is no issue {shown}" if action != "merge" else f"nothing can be merged into #{issues[0]}"
        raise UsageError(what, slug="unknown-issue", fix="outrider errors lists them")
    return f"{action} {shown}{f': {text}' if text else ''}"


def issue_number(name: str) -> IssueId:
    """Return the issue that a text such as "17" or "#17" names.

    Raises:
        UsageError: unknown-issue.
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise UsageError(f'"{name[:40]}" is no number of an issue', slug="unknown-issue", fix="such as 17")
    return IssueId(int(match[1]))


def find_issue(store: ErrorRecords, name: str, *, hours: int = 24) -> Issue:
    """Return an issue.

    Raises:
        UsageError: unknown-issue.
    """
    issue = store.errors.issue(issue_number(name), now_us(), hours=hours)
    if issue is None:
        raise UsageError(f"there is no issue {name[:40]}", slug="unknown-issue", fix="outrider errors lists them")
    return issue


def issue_state(issue: Issue) -> str:
    """Return where an issue stands now."""
    return current(issue.life, now_us()).state.value


def list_issues(store: ErrorRecords, text: str, limit: int) -> Excerpt[Issue]:
    """Return the issues that a text asks for.

    Raises:
        UsageError: bad-query.
    """
    return store.errors.list(issue_query(text, now_us()), limit)


def _planned(
    store: ErrorRecords, action: str, issues: Sequence[IssueId], inputs: Mapping[str, str], at_us: int
) -> tuple[str, Callable[[IssueNote], object]]:
    """Return what the history says of an action, and what performs it."""
    errors = store.errors
    if action == "resolve":
        fixed_in = inputs.get("in", "").strip()[:_RELEASE_CHARACTERS]
        life = resolved(at_us, fixed_in)
        text = "in the next release" if fixed_in == NEXT_RELEASE else f"in {fixed_in}" if fixed_in else ""
        return text, lambda note: errors.decide(issues, life, note)
    if action == "ignore":
        return _ignoring(store, issues, inputs, at_us)
    if action == "assign":
        assignee = inputs.get("assignee", "").strip()[:100]
        return f"to {assignee or 'nobody'}", lambda note: errors.assign(issues, assignee, note)
    plain: Mapping[str, Callable[[IssueNote], object]] = {
        "reopen": lambda note: errors.decide(issues, reopened(at_us), note),
        "comment": lambda note: [issue for issue in issues if errors.comment(issue, note)],
        "merge": lambda note: errors.merge(issues[0], issues[1:], note),
        "split": lambda note: errors.split(issues[0], inputs.get("key", ""), note),
    }
    if action not in plain:
        fix = f"write one of {', '.join(ISSUE_ACTIONS)}"
        raise UsageError(f'issues know no action "{action[:40]}"', slug="bad-argument", fix=fix)
    return gated(_text(inputs)) if action == "comment" else "", plain[action]


def _ignoring(
    store: ErrorRecords, issues: Sequence[IssueId], inputs: Mapping[str, str], at_us: int
) -> tuple[str, Callable[[IssueNote], object]]:
    """Return how issues are ignored; each escalates by what is usual for itself."""
    length, events, users = inputs.get("for", "").strip(), _number(inputs, "events"), _number(inputs, "users")
    until_us = at_us + round(_length_s(length) * 1_000_000) if length else None
    escalates = inputs.get("escalates", "").lower() in {"yes", "on", "1", "true"}
    conditions = (
        f"for {length}" if length else "", f"until {counted(events, 'more event')}" if events else "",
        f"until {counted(users, 'user')}" if users else "", "until it escalates" if escalates else "",
    )  # fmt: skip

    def perform(note: IssueNote) -> object:
        if not escalates:
            return store.errors.decide(issues, ignored(at_us, IgnoredUntil(until_us, events, users)), note)
        lives = {own: _escalating(store, own, at_us, IgnoredUntil(until_us, events, users)) for own in issues}
        return [done for own, life in lives.items() for done in store.errors.decide([own], life, note)]

    return ", ".join(filter(None, conditions)), perform


def _escalating(store: ErrorRecords, issue: IssueId, at_us: int, until: IgnoredUntil) -> IssueLife:
    known = store.errors.issue(issue, at_us, hours=_WEEK_HOURS)
    usual = max(known.hours, default=0) if known is not None else 0
    return ignored(at_us, replace(until, hourly=max(_LEAST_HOURLY, _ESCALATION * usual)))


def _text(inputs: Mapping[str, str]) -> str:
    text = inputs.get("text", "").strip()
    if not 0 < len(text) <= _CHARACTERS:
        what = f"a comment has {len(text):,} characters" if text else "a comment has no text"
        raise UsageError(what, slug="bad-argument", fix=f"write 1 to {_CHARACTERS:,} characters")
    return text


def _number(inputs: Mapping[str, str], name: str) -> int | None:
    text = inputs.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not int(text[:10]) > 0 or len(text) > 9:
        raise UsageError(f'{name} is "{text[:40]}"', slug="bad-argument", fix="write a number, such as 100")
    return int(text)


def _length_s(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(str(error), slug="bad-argument", fix="such as 2h, 7d or 30d") from None
