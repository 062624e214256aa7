"""Texts that came from outside, printed: without secrets, and with escapes shown that a terminal would obey."""

from __future__ import annotations

import click

from outrider.app.reader_gate import gated_document


def echo(text: object, *, err: bool = False) -> None:
    """Print a text that came from outside, or may hold one."""
    click.echo(gated_document(str(text)), err=err)


def warn(text: str) -> None:
    """Print what is probably a mistake on standard error; nothing if the text is empty."""
    if text:
        echo(f"warning: {text}", err=True)
