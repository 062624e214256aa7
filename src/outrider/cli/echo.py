"""Texts that came from outside, printed: escapes that a terminal would obey are shown instead."""

from __future__ import annotations

import click

from outrider.model import printable


def echo(text: object, *, err: bool = False) -> None:
    """Print a text that came from outside, or may hold one."""
    click.echo(printable(str(text)), err=err)
