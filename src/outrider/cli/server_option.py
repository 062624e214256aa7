"""The option `--server`: commands ask a server instead of the workspace of the current folder."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from outrider import app
from outrider.cli.echo import warn
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.app import Backend, RemoteBackend

REMOTE = frozenset(
    {
        "ack", "annotate", "assign", "audit", "changes", "comment", "errors", "export", "incidents", "ls", "now",
        "oncall", "pause", "release", "releases", "resume", "runs", "settings", "show", "silence", "status", "views",
    }
)  # fmt: skip
"""Commands that a server can answer."""

_OF_STORED_DATA = frozenset({"backtest", "calibrate", "judge", "project", "report", "tokens", "users"})
"""Commands that somebody may expect to ask the server of OUTRIDER_SERVER."""

_VARIABLE = "OUTRIDER_SERVER"
_TOKEN = "OUTRIDER_TOKEN"  # noqa: S105 - a name
_KEY = "outrider.server"


def add_server_option(command: click.Command, name: str) -> None:
    """Add the option to a command, or one that says why the command has none."""
    if any(parameter.name == "server" for parameter in command.params):
        return
    if name in REMOTE:
        text = "Ask this server instead of the workspace, with the token in OUTRIDER_TOKEN."
        option = click.Option(
            ["--server"], metavar="URL", envvar=_VARIABLE, show_envvar=True, help=text,
            expose_value=False, callback=_remember,
        )  # fmt: skip
    else:
        option = click.Option(["--server"], hidden=True, is_eager=True, expose_value=False, callback=_refuse)
    for own in (command, *(command.commands.values() if isinstance(command, click.Group) and name in REMOTE else ())):
        own.params.append(option)


def remember_server(context: click.Context, url: str | None) -> None:
    """Keep the server that was named before the command."""
    if url:
        context.meta[_KEY] = url


@contextmanager
def chosen_backend() -> Iterator[Backend]:
    """Open the server that was named, else the workspace of the current folder."""
    if (server := chosen_server()) is not None:
        yield server
        return
    with app.open_backend() as backend:
        yield backend


def chosen_server() -> RemoteBackend | None:
    """Return the server that was named; None for the workspace of the current folder."""
    server = click.get_current_context().meta.get(_KEY, "")
    return app.ask_server(server, os.environ.get(_TOKEN, "")) if server else None


def refuse_with_server(option: str, value: object) -> None:
    """Refuse an option that has no meaning for a server."""
    if value and click.get_current_context().meta.get(_KEY):
        fix = f"use the command in the workspace's folder, or leave out {option}"
        raise UsageError(f"{option} works in a workspace only", slug="not-remote", fix=fix)


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value and (context.get_parameter_source("server") is not click.core.ParameterSource.ENVIRONMENT):
        context.meta[_KEY] = value
    elif value:
        context.meta.setdefault(_KEY, value)


def _refuse(context: click.Context, _: click.Parameter, value: str | None) -> None:
    command = f"outrider {context.info_name}"
    if value or context.meta.get(_KEY):
        fix = f"a server answers {', '.join(sorted(REMOTE))}; use {command} in the workspace's folder"
        raise UsageError(f"{command} works in a workspace only", slug="not-remote", fix=fix)
    if os.environ.get(_VARIABLE) and context.info_name in _OF_STORED_DATA:
        warn(f"{_VARIABLE} is set, and {command} asks the workspace of this folder")
