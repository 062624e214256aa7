"""Each command says how it is called, with an example, and how it exits; what is misspelt is answered with what is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from tests.cli.conftest import invoke
from tests.cli.documented_commands import all_commands

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = dict(all_commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_exit_codes_and_fits_eighty_columns(name: str) -> None:
    """The example begins with the program, on a line of its own to copy."""
    command = COMMANDS[name]

    text = command.get_help(click.Context(command, info_name=name, terminal_width=80))

    before, _, end = text.partition("Example:\n")
    example, _, codes = end.partition("Exit codes:")
    assert "outrider" in example
    assert "0 " in codes
    assert [line for line in (before + codes).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["incident"], "Did you mean 'incidents'"),
        (["STATUS"], "Did you mean 'status'"),
        (["xyzzy"], "No such command 'xyzzy'. See outrider --help."),
        (["report", "wekly"], "Did you mean 'weekly'?"),
        (["runs", "--josn"], "Did you mean '--json'?"),
        (["--srever", "x", "runs"], "Did you mean '--server'?"),
    ],
)
def test_a_misspelt_command_or_option_is_answered_with_the_nearest(
    typed: list[str], answer: str, tmp_path: Path
) -> None:
    """Wrong usage is 2."""
    done = invoke(tmp_path, *typed)

    assert (done.returncode, answer in done.stderr) == (2, True), done.stderr
