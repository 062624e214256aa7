"""`outrider errors`: issues, what they look like, and what is decided about them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from outrider.app import find_workspace, issue_state
from outrider.cli.completed_names import complete_issues
from outrider.cli.echo import echo, warn
from outrider.cli.fitted_table import (
    FittedTable,
    name_column,
    note,
    note_column,
    number_column,
    text_column,
    time_column,
)
from outrider.cli.run_tables import at, at_with_zone, console
from outrider.cli.server_option import chosen_backend, chosen_server
from outrider.cli.view_option import view_option, viewed_query
from outrider.model import ViewPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from outrider.app import ShownIssue
    from outrider.model import ErrorEvent, ErrorException, Issue, StackFrame

_LISTED = 30
_CHARACTERS = 100
_BREADCRUMBS = 10


class _IssueGroup(click.Group):
    """Takes words that are no subcommand for a query; `--server URL` may stand before either."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        server = 2 if args[:1] == ["--server"] else int(bool(args) and args[0].startswith("--server="))
        own, rest = args[:server], args[server:]
        asks_for_help = bool({"--help", "-h"} & set(rest[:1]))
        is_completed = ctx.resilient_parsing and not rest
        is_named = is_completed or asks_for_help or (bool(rest) and rest[0] in self.commands)
        return super().parse_args(ctx, [*own, *rest] if is_named else [*own, "list", *rest])


@click.group(
    cls=_IssueGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider errors 'is:new release:1.4 checkout'",
)
def errors() -> None:
    """List the issues of errors that a QUERY finds, open ones by default; show them, and decide about them.

    A QUERY has words, and name:value such as is:regressed, assigned:nobody, seen:24h, sort:events, release:1.4.
    """


@errors.command("list", epilog="Example: outrider errors list is:all sort:users --json")
@click.argument("query", nargs=-1)
@view_option
@click.option("--limit", default=_LISTED, show_default=True, type=click.IntRange(1, 1_000), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(query: tuple[str, ...], *, view: str | None, limit: int, as_json: bool) -> None:
    """List the issues that QUERY finds."""
    with chosen_backend() as backend:
        text = viewed_query(backend, ViewPage.ERRORS, view, query)
        issues = backend.errors.issues(text, limit)
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([_document(issue) for issue in issues]))
        return
    if issues:
        console().print(_table(issues, timezone))
    else:
        echo(f"no {'issue is like that' if text else 'open issues'}: outrider errors is:all", err=True)
        if not text and chosen_server() is None and find_workspace().errors is None:
            echo("errors are not taken yet: add a section [errors] to outrider.toml", err=True)
    if not issues.is_complete:
        warn(f"there are more: --limit {limit * 2}, or a narrower query")


def _table(issues: Iterable[Issue], timezone: str) -> FittedTable:
    counts = map(number_column, ("events", "users"))
    seen = time_column(f"last ({timezone})")
    table = FittedTable("issue", "state", *counts, seen, name_column("where"), note_column("what"))
    for issue in issues:
        table.add_row(
            f"#{issue.id}", issue_state(issue), f"{issue.events:,}", f"{issue.users:,}", at(issue.last_us, timezone),
            issue.culprit, _what(issue)[:_CHARACTERS],
        )  # fmt: skip
    return table


def _what(issue: Issue) -> str:
    return f"{issue.title}: {issue.value}" if issue.value else issue.title


@errors.command(epilog="Example: outrider errors show 17")
@click.argument("issue", shell_complete=complete_issues)
@click.option("--event", default="", help="This event of it instead of the last one.")
@click.option("--personal", is_flag=True, help="Show its user and request, too; a server notes who did.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(issue: str, *, event: str, personal: bool, as_json: bool) -> None:
    """Show ISSUE, a number as the list has it, with the stack of its last event."""
    with chosen_backend() as backend:
        shown = backend.errors.issue(issue, event, is_personal=personal)
        timezone = "" if as_json else backend.timezone
    if as_json:
        more = {
            "keys": [asdict(key) for key in shown.keys],
            "event": asdict(shown.event) if shown.event else None,
            "commits": [
                {
                    "id": own.commit.id,
                    "author": own.commit.author,
                    "at": own.commit.at,
                    "subject": own.commit.subject,
                    "file": own.file,
                    "function": own.function,
                }
                for own in shown.commits
            ],
            "history": [asdict(entry) for entry in shown.notes],
        }
        click.echo(json.dumps({**_document(shown.issue), **more}))
        return
    _show(console(), shown, timezone, is_personal=personal)


def _show(out: Console, shown: ShownIssue, timezone: str, *, is_personal: bool) -> None:
    issue = shown.issue
    seen = [at_with_zone(at_us, timezone) for at_us in (issue.first_us, issue.last_us)]
    out.print(note(f"#{issue.id} {issue_state(issue)}: {_what(issue)}", 0))
    out.print(note(f"{issue.reach}, first {seen[0]}, last {seen[1]}"))
    for key in shown.keys:
        out.print(note(f"grouped by {key.reason}: {'; '.join(key.parts)}"))
    for suspect in shown.commits:
        commit = suspect.commit
        out.print(note(f"suspect {commit.id[:10]} {commit.subject} ({commit.author}): {suspect.file}"))
    for entry in shown.notes:
        when = at_with_zone(entry.at_us, timezone)
        out.print(note(f"{when}  {f'{entry.author} '.lstrip()}{entry.past} {entry.text}"))
    if shown.event is not None:
        _show_event(out, shown.event, is_personal=is_personal)


def _show_event(out: Console, event: ErrorEvent, *, is_personal: bool) -> None:
    facts = {
        "route": event.transaction, "release": event.release, "environment": event.environment, "trace": event.trace_id,
    }  # fmt: skip
    out.print(note(", ".join(f"{name} {value}" for name, value in facts.items() if value)))
    if event.request.url:
        out.print(note(f"request {event.request.method} {event.request.url}"))
    if is_personal:
        _show_person(out, event)
    if event.tags:
        out.print(note(f"tags {', '.join(f'{name}={value}' for name, value in event.tags.items())}"))
    for index, exception in enumerate(reversed(event.exceptions)):
        _show_exception(out, exception, "caused by " if index else "")
    _show_breadcrumbs(out, event)


def _show_person(out: Console, event: ErrorEvent) -> None:
    user, request = event.user, event.request
    facts = (
        ("user", user.id), ("mail", user.email), ("name", user.name), ("address", user.address),
        ("query", request.query), *request.headers.items(), ("body", request.body),
    )  # fmt: skip
    for name, value in facts:
        if value:
            out.print(note(f"{name}: {value}"))


def _show_breadcrumbs(out: Console, event: ErrorEvent) -> None:
    if event.breadcrumbs:
        out.print()
        out.print(note("before that, the latest first", 0))
    for crumb in event.breadcrumbs[: -_BREADCRUMBS - 1 : -1]:
        earlier_s = (event.at_us - crumb.at_us) / 1_000_000
        what = " ".join(text for text in (crumb.category, crumb.message, *crumb.data.values()) if text)
        out.print(note(f"{earlier_s:.1f} s  {what}"))


def _show_exception(out: Console, exception: ErrorException, before: str) -> None:
    out.print()
    for line in f"{before}{exception.type}: {exception.value}".splitlines():
        out.print(note(line, 0))
    for frame in reversed(exception.frames):
        _show_frame(out, frame)


def _show_frame(out: Console, frame: StackFrame) -> None:
    place = f"{frame.path or frame.module}:{frame.line}" if frame.line else frame.path or frame.module
    line = FittedTable(text_column(""), name_column(""))
    line.add_row(f"  {' ' if frame.in_app else '·'} {frame.function or '(anonymous)'}", place)
    out.print(line)
    if frame.in_app and frame.unmapped:
        out.print(note(frame.unmapped, 6))
    if frame.in_app and frame.source:
        source = FittedTable(text_column(""))
        source.add_row(f"      {frame.source.strip()}")
        out.print(source)


def _document(issue: Issue) -> dict[str, Any]:
    return {**asdict(issue), "state": issue_state(issue)}


def _change(action: str, issues: tuple[str, ...], *, by: str, **inputs: str) -> None:
    with chosen_backend() as backend:
        echo(backend.errors.change(action, issues, inputs, by))


def _issues(command: Callable[..., None]) -> Callable[..., None]:
    by = click.option("--by", default="", help="Who does so; the current user if absent.")
    named = click.argument("issues", nargs=-1, required=True, metavar="ISSUE…", shell_complete=complete_issues)
    return named(by(command))


@errors.command(epilog="Example: outrider errors resolve 17 18 --in next")
@_issues
@click.option("--in", "fixed_in", default="", help='The release that has the fix, or "next"; at once if absent.')
def resolve(issues: tuple[str, ...], *, fixed_in: str, by: str) -> None:
    """Say that issues are fixed: what comes later is a regression."""
    _change("resolve", issues, by=by, **{"in": fixed_in})


@errors.command(epilog="Example: outrider errors ignore 17 --for 7d --escalates")
@_issues
@click.option("--for", "length", default="", help="For this long.")
@click.option("--events", default="", metavar="N", help="Until N further events.")
@click.option("--users", default="", metavar="N", help="Until N users were met in all.")
@click.option("--escalates", is_flag=True, help="Until an hour has three times the events of the week's busiest.")
def ignore(issues: tuple[str, ...], *, length: str, events: str, users: str, escalates: bool, by: str) -> None:
    """Ignore issues, for ever or until the first of these happens."""
    inputs = {"for": length, "events": events, "users": users, "escalates": "yes" if escalates else ""}
    _change("ignore", issues, by=by, **inputs)


@errors.command(epilog="Example: outrider errors reopen 17")
@_issues
def reopen(issues: tuple[str, ...], *, by: str) -> None:
    """Take back that issues are resolved or ignored."""
    _change("reopen", issues, by=by)


@errors.command(epilog="Example: outrider errors assign 17 --to grace")
@_issues
@click.option("--to", "assignee", default="", help="Who works on it; nobody if absent.")
def assign(issues: tuple[str, ...], *, assignee: str, by: str) -> None:
    """Assign issues to somebody."""
    _change("assign", issues, by=by, assignee=assignee)


@errors.command(epilog='Example: outrider errors comment 17 "the certificate has expired"')
@click.argument("issue", shell_complete=complete_issues)
@click.argument("text")
@click.option("--by", default="", help="Who says so; the current user if absent.")
def comment(issue: str, text: str, *, by: str) -> None:
    """Add TEXT to the history of an issue."""
    _change("comment", (issue,), by=by, text=text)


@errors.command(epilog="Example: outrider errors merge 17 18 21")
@_issues
def merge(issues: tuple[str, ...], *, by: str) -> None:
    """Put all issues into the first one: they are of one cause."""
    _change("merge", issues, by=by)


@errors.command(epilog="Example: outrider errors split 17 --key 5f0e3c1a9b7d4e2f8a6b1c2d3e4f5a6b")
@click.argument("issue", shell_complete=complete_issues)
@click.option("--key", required=True, help="One of several keys that lead to it, as show --json has them.")
@click.option("--by", default="", help="Who does so; the current user if absent.")
def split(issue: str, *, key: str, by: str) -> None:
    """Make an issue of its own of what one key led to."""
    _change("split", (issue,), by=by, key=key)
