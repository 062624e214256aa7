"""The commands, as their help describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outrider.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 100


def commands_page() -> str:
    """Return the page of all commands, in the order of `outrider --help`."""
    return "\n\n".join(_parts())


def _parts() -> Iterator[str]:
    yield "# Commands\n\nWhat `outrider COMMAND --help` prints, for each command."
    yield _help(cli, "outrider")
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield f"## outrider {name}"
        yield _help(command, f"outrider {name}")
        if isinstance(command, click.Group):
            for part, inner in command.commands.items():
                yield f"### outrider {name} {part}"
                yield _help(inner, f"outrider {name} {part}")


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    return f"```text\n{command.get_help(context)}\n```"
