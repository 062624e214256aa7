"""`outrider browser`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.app import browser_environment, find_workspace_if_any, provide_workspace_browser


@click.command(epilog="Example: outrider browser --install")
@click.option("--install", is_flag=True, help="Install one if none is found.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--env", "as_env", is_flag=True, help='For plain pytest: eval "$(outrider browser --env)".')
def browser(*, install: bool, as_json: bool, as_env: bool) -> None:
    """Find the browser that journeys run in, or install one."""
    provided = provide_workspace_browser(
        find_workspace_if_any(), install=install, on_progress=lambda line: click.echo(line, err=True)
    )
    if as_json:
        click.echo(json.dumps(asdict(provided)))
    elif as_env:
        for name, value in browser_environment(provided).items():
            click.echo(f"export {name}={value}")
    else:
        click.echo(str(provided))
