"""`outrider validate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from outrider.app.incident_lookup import settings_of
from outrider.app.runtime import found_browser, open_runtime
from outrider.model import BrowserError, ConfigErrors, OutriderError
from outrider.workspace import find_root, load


@click.command(epilog="Example: outrider validate --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(*, as_json: bool) -> int:
    """Check the workspace and its checks, and report ALL problems: where, what, and what to do."""
    problems, checks = _examine(find_root(Path.cwd()))
    if as_json:
        told = [
            {
                "where": str(one.where or ""),
                "problem": one.what,
                "fix": one.fix,
                "slug": one.slug,
            }
            for one in problems
        ]
        click.echo(json.dumps({"checks": checks, "problems": told}))
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        click.echo(f"{_counted(checks, 'check')}, {_counted(len(problems), 'problem')}")
    return problems[0].exit_code if problems else 0


def _counted(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


def _examine(root: Path) -> tuple[list[OutriderError], int]:
    try:
        workspace = load(root)
    except ConfigErrors as errors:
        return list(errors.problems), 0
    problems: list[OutriderError] = []
    browser = found_browser(workspace)
    try:
        with open_runtime(workspace) as ready:
            discovery = ready.discover()
    except ConfigErrors as errors:
        return list(errors.problems), 0
    except OutriderError as error:
        return [error], 0
    if isinstance(browser, BrowserError) and discovery.journeys:
        problems.append(browser)
    try:
        settings_of(workspace)
    except ConfigErrors as errors:
        problems += errors.problems
    return [*discovery.problems, *problems], len(discovery.checks)
