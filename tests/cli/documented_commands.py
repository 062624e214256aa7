"""The commands that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outrider.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def all_commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command and subcommand with its name, such as `report weekly`; groups too."""
    context = click.Context(group)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        assert command is not None
        yield f"{prefix}{part}", command
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{prefix}{part} ")
