"""What a shell completes: checks, runs, incidents and issues that the store of the current workspace knows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from click.shell_completion import CompletionItem

from outrider.app import display_name, find_workspace_if_any, list_runs, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from outrider.app import Incident, Store, Workspace

T = TypeVar("T")

_MOST = 50
"""Of runs, incidents or issues: the latest."""
_SHORT_ID = 8


def complete_checks(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the checks whose id, with its kind or without, begins so; else the names of such; else files."""
    ids = _stored(lambda _, store: [check.id for check in store.checks.all()])
    shown = [*(ids if incomplete.startswith("journey:") else map(display_name, ids))]
    names = [name for name in shown if name.startswith(incomplete)]
    names = names or sorted(
        {name for _, _, name in (own.rpartition("::") for own in shown) if name.startswith(incomplete)}
    )
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_runs(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the latest runs whose short id begins so, with what they were."""
    return _runs(incomplete, "*", "the newest run")


def complete_loads(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the latest runs of load profiles whose short id begins so."""
    return _runs(incomplete, "load:*", "the newest load")


def _runs(incomplete: str, pattern: str, newest: str) -> list[CompletionItem[str]]:
    runs = _stored(lambda _, store: list(list_runs(store.runs, pattern, limit=_MOST)))
    items = [CompletionItem(run.id[-_SHORT_ID:], help=f"{run.outcome} {display_name(run.check)}") for run in runs]
    latest = CompletionItem("latest", help=newest)
    return [item for item in (latest, *items) if item.value.startswith(incomplete)]


def complete_incidents(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the latest incidents whose short id begins so, with their states and headlines."""
    return _incidents(incomplete, include_resolved=True)


def complete_lasting_incidents(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return those of them that are not over."""
    return _incidents(incomplete, include_resolved=False)


def complete_issues(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the latest issues of errors whose number begins so, with their states and titles."""
    from outrider.app import issue_state, list_issues  # noqa: PLC0415 - every command that completes would wait

    issues = _stored(lambda _, store: list(list_issues(store, "is:all", _MOST)))
    items = [CompletionItem(str(issue.id), help=_line(f"{issue_state(issue)} {issue.title}")) for issue in issues]
    return [item for item in items if item.value.startswith(incomplete)]


def _incidents(incomplete: str, *, include_resolved: bool) -> list[CompletionItem[str]]:
    from outrider.app import Phase, headline, list_incidents  # noqa: PLC0415 - every command that completes would wait

    def read(workspace: Workspace, store: Store) -> list[Incident]:
        listed = list_incidents(workspace, store, include_resolved=include_resolved, limit=_MOST)
        return [incident for incident in listed.incidents if incident.phase is not Phase.PENDING]

    items = [
        CompletionItem(incident.id[-_SHORT_ID:], help=_line(f"{incident.phase} {headline(incident)}"))
        for incident in _stored(read)
    ]
    return [item for item in items if item.value.startswith(incomplete)]


def _line(text: str) -> str:
    """Return a text as the one line that shells take for a help."""
    return " ".join(text.split())


def _stored(read: Callable[[Workspace, Store], list[T]]) -> list[T]:
    """Return what is read from the store of the current folder; nothing if there is none, or it cannot be read."""
    with suppress(Exception):  # a shell has no place for messages
        workspace = find_workspace_if_any()
        if workspace is not None and workspace.state.is_dir():
            with open_store(workspace) as store:
                return read(workspace, store)
    return []
