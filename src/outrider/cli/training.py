"""`outrider training`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from outrider.model import OutriderError

_PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=_PASSED_ON, epilog="Example: outrider training")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[ACTION] [OPTIONS]...")
def training(words: tuple[str, ...]) -> None:
    """Play a game day: something breaks in secret, and you find the cause with Outrider alone.

    It starts the demo shop, so it works in a checkout of the repository only.

    \b
    start         start shop and service, and break something (the default):
                  --scenario N, --team NAME, --port N, --probes, --keep
    answer TEXT   name the cause; without a text, list the causes
    hint          show the next of three hints
    status        show who has passed what; --json prints one JSON object

    Each action has a --help of its own.
    """
    root = _checkout(Path.cwd())
    sys.stdout.flush()
    os.chdir(root)
    os.execv(sys.executable, [sys.executable, "-m", "demo.training", *words])  # noqa: S606 - the same Python


def _checkout(folder: Path) -> Path:
    """Return the checkout that a folder lies in.

    Raises:
        OutriderError: no-demo.
    """
    for root in (folder, *folder.parents):
        if (root / "demo/training/__main__.py").is_file():
            return root
    raise OutriderError(
        "outrider training needs the demo shop, and neither this folder nor one above it has it",
        slug="no-demo",
        fix="clone the repository of Outrider, and type make training there",
    )
