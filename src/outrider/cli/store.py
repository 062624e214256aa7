"""`outrider store`: the database as a whole."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import copy_store, now_us
from outrider.cli.echo import echo, warn
from outrider.cli.progress import Progress
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.app import StoreCopy

_EXAMPLE = "outrider store copy .outrider/outrider.db postgresql+psycopg://outrider@db.example/outrider"


@click.group(epilog=f"Example: {_EXAMPLE}")
def store() -> None:
    """Move the store to another database."""


@store.command(epilog=f"Example: {_EXAMPLE}")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with rows and digest of each table.")
def copy(source: str, target: str, *, as_json: bool) -> int:
    """Copy the store in database FROM to TO, which has to be empty or new.

    Each is a file of SQLite, or a URL of PostgreSQL. Rows and digests of all tables are compared before anything is
    committed; FROM is not changed, and a copy that is interrupted leaves TO empty. Artifacts are not copied.
    """
    began_s = time.monotonic()
    with Progress() as progress:
        progress.progress("counting rows")
        copied = copy_store(source, target, now_us(), progress.counted)
    if as_json:
        echo(json.dumps(asdict(copied)))
        return 0
    _show(copied, time.monotonic() - began_s)
    return 0


def _show(copied: StoreCopy, took_s: float) -> None:
    rows = sum(table.rows for table in copied.tables)
    echo(f"copied {counted(rows, 'row')} of {counted(len(copied.tables), 'table')} in {took_s:.1f} s")
    echo(f"  from {copied.source}\n  to   {copied.target}")
    echo("rows and digests of all tables agree; artifacts stay where they are")
    if copied.replaced:
        warn(f"{counted(copied.replaced, 'text')} had NUL characters, which PostgreSQL refuses: each is U+FFFD there")
    echo("to use it, name it as url of [store] in outrider.toml, then start the service")
