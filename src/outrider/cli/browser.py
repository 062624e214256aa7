"""`outrider browser`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.app.runtime import browser_settings
from outrider.journeys import provide_browser


@click.command(epilog="Example: outrider browser --install")
@click.option("--install", is_flag=True, help="Install one if none is found.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--env", "as_env", is_flag=True, help="Print what plain pytest needs to find it, for the shell's eval.")
def browser(*, install: bool, as_json: bool, as_env: bool) -> None:
    """Find the browser that journeys run in, or install one, and say which."""
    from outrider.journeys import browser_environment  # noqa: PLC0415 - writes the shim folder

    found = provide_browser(browser_settings(), install=install, on_progress=lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(asdict(found)))
    elif as_env:
        for name, value in browser_environment(found).items():
            click.echo(f"export {name}={value}")
    else:
        click.echo(str(found))
