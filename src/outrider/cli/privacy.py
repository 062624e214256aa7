"""`outrider privacy`: one person's data."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, open_personal_data
from outrider.cli.echo import echo, warn
from outrider.cli.progress import Progress
from outrider.model import Identifier, IdentifierKind, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from outrider.app import Erasure, Inventory


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider privacy export --user customer-17 --out customer-17.zip",
)
def privacy() -> None:
    """Export or erase what is kept of one person."""


def _of_person(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--user", "users", multiple=True, metavar="ID", help="As the application names them; repeatable."),
        click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="Their address of mail; repeatable."),
        click.option("--session", "sessions", multiple=True, metavar="ID", help="One of their visits; repeatable."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ):
        command = option(command)
    return command


@privacy.command(epilog="Example: outrider privacy export --user customer-17 --out customer-17.zip")
@_of_person
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help='A new folder, or a file that ends in ".zip".'
)
def export(
    users: tuple[str, ...], emails: tuple[str, ...], sessions: tuple[str, ...], *, out: Path, as_json: bool
) -> int:
    """Write all that is kept of one person to --out, with a manifest that says what and from where."""
    with Progress() as progress, open_personal_data(find_workspace(), progress.progress) as data:
        person = data.person(_identifiers(users, emails, sessions))
        inventory = data.export(person, out)
    if as_json:
        click.echo(json.dumps({"out": str(out), **asdict(inventory)}))
        return 0
    _print(inventory)
    echo(f"written to {out}")
    return 0


@privacy.command(epilog="Example: outrider privacy erase --user customer-17 --email ada@shop.example --yes")
@_of_person
@click.option("--yes", is_flag=True, help="Erase without asking.")
def erase(
    users: tuple[str, ...], emails: tuple[str, ...], sessions: tuple[str, ...], *, yes: bool, as_json: bool
) -> int:
    """Erase all that is kept of one person, and whatever comes in of them later; shows what, and asks."""
    if not yes and (as_json or not sys.stdin.isatty()):
        fix = "give --yes; outrider privacy export shows beforehand what there is"
        raise UsageError("nobody is there to be asked", slug="not-confirmed", fix=fix)
    with Progress() as progress, open_personal_data(find_workspace(), progress.progress) as data:
        person = data.person(_identifiers(users, emails, sessions))
        inventory = data.inventory(person)
        progress.stop()
        if not as_json:
            _print(inventory)
        if not yes:
            click.confirm("Erase this for good, and what comes in later?", abort=True, err=True)
        erasure = data.erase(person)
    if as_json:
        click.echo(json.dumps({"found": asdict(inventory), "erased": asdict(erasure)}))
        return 0
    print_erasure(erasure)
    return 0


def print_erasure(erasure: Erasure) -> None:
    """Print what was erased, and what could not be."""
    _count("erased", erasure.counts)
    for left in erasure.left:
        warn(f"left: {left}")


def _identifiers(users: tuple[str, ...], emails: tuple[str, ...], sessions: tuple[str, ...]) -> list[Identifier]:
    kinds = ((IdentifierKind.USER, users), (IdentifierKind.EMAIL, emails), (IdentifierKind.SESSION, sessions))
    return [Identifier(kind, value) for kind, values in kinds for value in values]


def _print(inventory: Inventory) -> None:
    if inventory.is_empty:
        echo("nothing is kept of this person")
    _count("theirs", inventory.counts)
    _count("names them", inventory.mentions)
    echo(f"searched: {'; '.join(inventory.sought)}")
    for place in inventory.elsewhere:
        echo(f"cannot be taken back: {place}")


def _count(what: str, counts: Mapping[str, int]) -> None:
    for kind, count in counts.items():
        echo(f"{what}: {count:,} {kind}")
