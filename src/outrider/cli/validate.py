"""`outrider validate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import validate_workspace
from outrider.cli.echo import echo
from outrider.cli.progress import Progress
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.app import Validation


@click.command(epilog="Example: outrider validate --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(*, as_json: bool) -> int:
    """Check the workspace and its checks, and report ALL problems: where, what, and what to do."""
    with Progress() as progress:
        progress.progress("collecting checks")
        validation = validate_workspace(Path.cwd())
    if as_json:
        echo(json.dumps(_as_json(validation)))
    else:
        for problem in validation.problems:
            echo(problem, err=True)
        for note in validation.notes:
            echo(f"note: {note}", err=True)
        click.echo(f"{_counted(validation.checks, 'check')}, {_counted(len(validation.problems), 'problem')}")
    return validation.problems[0].exit_code if validation.problems else 0


def _as_json(validation: Validation) -> dict[str, object]:
    problems = [
        {"where": str(problem.where or ""), "problem": problem.what, "fix": problem.fix, "slug": problem.slug}
        for problem in validation.problems
    ]
    return {"checks": validation.checks, "problems": problems, "notes": list(validation.notes)}


def _counted(count: int, thing: str) -> str:
    return counted(count, thing) if count else f"no {thing}s"
