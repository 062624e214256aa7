"""`outrider docs`."""

from __future__ import annotations

import webbrowser

import click

from outrider.app import find_topic


@click.command(epilog="Example: outrider docs silence")
@click.argument("topic", nargs=-1)
@click.option("--print-path", is_flag=True, help="Print the page's path, and open nothing.")
def docs(topic: tuple[str, ...], *, print_path: bool) -> None:
    """Open the documentation of this version in a browser, without a network.

    TOPIC is a page (alerts), a command (report weekly) or the name of an error (bad-duration).
    """
    chosen = find_topic(" ".join(topic))
    if print_path:
        click.echo(chosen.page)
    elif not webbrowser.open(chosen.address):
        click.echo(f"no browser could be opened here; open {chosen.address}", err=True)
