"""What a shell completes: checks and runs that the store of the current workspace knows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from click.shell_completion import CompletionItem

from outrider.app import display_name, find_workspace_if_any, list_runs, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from outrider.app import Store

T = TypeVar("T")

_RUNS = 50
_SHORT_ID = 8


def complete_checks(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the checks whose id, with its kind or without, begins so; files where there are none."""
    ids = _stored(lambda store: [check.id for check in store.checks.all()])
    shown = ids if incomplete.startswith("journey:") else map(display_name, ids)
    names = [name for name in shown if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_runs(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the latest runs whose short id begins so, with what they were."""
    runs = _stored(lambda store: list(list_runs(store.runs, limit=_RUNS)))
    items = [CompletionItem(run.id[-_SHORT_ID:], help=f"{run.outcome} {display_name(run.check)}") for run in runs]
    latest = CompletionItem("latest", help="the newest run")
    return [item for item in (latest, *items) if item.value.startswith(incomplete)]


def _stored(read: Callable[[Store], list[T]]) -> list[T]:
    """Return what is read from the store of the current folder; nothing if there is none, or it cannot be read."""
    with suppress(Exception):  # a shell has no place for messages
        workspace = find_workspace_if_any()
        if workspace is not None and workspace.state.is_dir():
            with open_store(workspace) as store:
                return read(store)
    return []
