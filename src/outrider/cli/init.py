"""`outrider init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import create_workspace
from outrider.cli.echo import echo

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 6


@click.command(epilog="Example: outrider init shop-watch && cd shop-watch && outrider run")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Write it within another workspace, too.")
def init(folder: Path, *, force: bool) -> None:
    """Write a minimal workspace that runs at once; nothing that exists is overwritten."""
    created = create_workspace(folder, force=force)
    for path in created.written:
        click.echo(f"wrote  {folder / path}")
    for path in created.kept:
        click.echo(f"kept   {folder / path}")
    if created.suite.paths:
        click.echo(f"your tests in {_some(created.suite.paths)} are its journeys")
    if created.suite.paths and created.suite.left_out:
        click.echo(f"left out, as they drive no browser: {_some(created.suite.left_out)}")
    if created.suite.paths and created.suite.mentioning:
        click.echo(f"of these mention Playwright: {_some(created.suite.mentioning)}; add what should run to paths")
    for conflict in created.conflicts:
        echo(f"note: {conflict}")
    if created.loads:
        click.echo(f"your locustfiles are its load profiles: outrider load {created.loads[0]}")
    if created.playwright:
        click.echo(
            f"your suites of Playwright Test in {_some(created.playwright)} are probes, off: see probes/suites.toml"
        )
    if created.included:
        click.echo(f"runs get a copy of {', '.join(created.included)}: name what is secret in it below [secrets]")
    enter = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(f"next: {enter}outrider run")


def _some(paths: Sequence[str]) -> str:
    """Return the first of many paths, and how many there are."""
    shown = ", ".join(paths[:_SHOWN])
    return f"{shown} and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else shown
