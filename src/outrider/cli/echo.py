"""Texts that came from outside, printed: without secrets, and with escapes shown that a terminal would obey."""

from __future__ import annotations

import os
import shutil
import sys

import click

from outrider.app.access.reader_gate import gated_document


def echo(text: object, *, err: bool = False) -> None:
    """Print a text that came from outside, or may hold one; a message, folded where standard error is a terminal."""
    shown = gated_document(str(text))
    click.echo(folded_for_terminal(shown) if err else shown, err=err)


def warn(text: str) -> None:
    """Print what is probably a mistake on standard error; nothing if the text is empty."""
    if text:
        echo(f"warning: {text}", err=True)


def folded_for_terminal(text: str) -> str:
    """Return a message as it is, or folded between words if standard error is a terminal, by the rules of tables."""
    if not (os.environ.get("FORCE_COLOR") or sys.stderr.isatty()):
        return text
    return folded(text, shutil.get_terminal_size().columns)


def folded(text: str, width: int) -> str:
    """Return a text in lines of so many columns, if its words let it; each goes on where it began."""
    return "\n".join(part for line in text.split("\n") for part in _folded_line(line, width))


def _folded_line(line: str, width: int) -> list[str]:
    from rich.cells import cell_len  # noqa: PLC0415 - most commands have no message

    words = line.lstrip(" ")
    indent = line[: len(line) - len(words)]
    first, *others = words.split(" ")
    parts = [indent + first]
    for word in others:
        if cell_len(f"{parts[-1]} {word}") <= width:
            parts[-1] += f" {word}"
        else:
            parts.append(indent + word)
    return [part.rstrip(" ") for part in parts]
