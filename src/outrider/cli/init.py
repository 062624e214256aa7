"""`outrider init`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.workspace import init as make_workspace


@click.command(epilog="Example: outrider init shop-watch && cd shop-watch && outrider run")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Also within another workspace.")
def init(folder: Path, *, force: bool) -> None:
    """Write a minimal workspace that runs at once; nothing that exists is overwritten."""
    done = make_workspace(folder, force=force)
    for path in done.written:
        click.echo(f"wrote  {folder / path}")
    for path in done.kept:
        click.echo(f"kept   {folder / path}")
    if done.suite:
        click.echo(f"your tests in {', '.join(done.suite)} are its journeys")
    if done.loads:
        click.echo(f"your locustfiles are its load profiles: outrider load {done.loads[0]}")
    if done.included:
        click.echo(f"runs get a copy of {', '.join(done.included)}: name what is secret in it below [secrets]")
    enter = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(f"next: {enter}outrider run")
