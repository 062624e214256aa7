"""`outrider training`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from outrider.model import OutriderError

_PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}
_EXTRA: Final = ("aiosmtpd", "httpx", "python_multipart", "trustme")
"""What the shop imports and Outrider does not: the extra `demo`."""
_START: Final = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("demo.training", run_name="__main__", alter_sys=True)
"""
"""The checkout is imported from; who plays stays in their own folder."""


@click.command(context_settings=_PASSED_ON, epilog="Example: outrider training")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[ACTION] [OPTIONS]...")
def training(words: tuple[str, ...]) -> None:
    """Play a game day: something breaks in secret, and you find the cause with Outrider alone.

    It starts the demo shop, so it needs a checkout of the repository: the one it is typed in, or was installed from.

    \b
    start         start shop and service, and break something (the default):
                  --scenario N, --team NAME, --port N, --probes, --keep
    answer TEXT   name the cause; without a text, list the causes
    hint          show the next of three hints
    status        show who has passed what; --json prints one JSON object

    Each action has a --help of its own.
    """
    root = checkout_around(Path.cwd(), Path(__file__))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-c", _START, str(root), *words])  # noqa: S606 - the same Python


def checkout_around(*places: Path) -> Path:
    """Return the checkout that the first of these places lies in, or the next one.

    Raises:
        OutriderError: no-demo, missing-extra.
    """
    roots = (root for place in places for root in (place, *place.parents))
    checkout = next((root for root in roots if (root / "demo/training/__main__.py").is_file()), None)
    if checkout is None:
        raise OutriderError(
            "outrider training needs the demo shop, and neither this folder nor one above it has it",
            slug="no-demo",
            fix="clone the repository of Outrider, and type make training there",
        )
    if missing := [name for name in _EXTRA if find_spec(name) is None]:
        raise OutriderError(
            f"the demo shop needs packages that are not installed: {', '.join(missing)}",
            slug="missing-extra",
            fix=f"type make training in {checkout}, which installs them, or: pip install 'outrider[demo]'",
        )
    return checkout
