"""`outrider completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from outrider.cli.bash_completion import use_in_bash


@click.command(epilog='Example: eval "$(outrider completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, checks, runs, incidents and issues in a SHELL.

    Put the line of the example into ~/.bashrc (bash) or ~/.zshrc (zsh, with its name). In fish: outrider completion
    fish > ~/.config/fish/completions/outrider.fish
    """
    use_in_bash()
    script = get_completion_class(shell)
    assert script is not None  # a choice of the argument
    click.echo(script(context.find_root().command, {}, "outrider", "_OUTRIDER_COMPLETE").source())
