"""`outrider validate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app.examination import validate as validated
from outrider.workspace import find_root

if TYPE_CHECKING:
    from outrider.app.examination import Validation


@click.command(epilog="Example: outrider validate --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(*, as_json: bool) -> int:
    """Check the workspace and its checks, and report ALL problems: where, what, and what to do."""
    result = validated(find_root(Path.cwd()))
    if as_json:
        click.echo(json.dumps(_as_json(result)))
    else:
        for problem in result.problems:
            click.echo(str(problem), err=True)
        for note in result.notes:
            click.echo(f"note: {note}", err=True)
        click.echo(f"{_counted(result.checks, 'check')}, {_counted(len(result.problems), 'problem')}")
    return result.problems[0].exit_code if result.problems else 0


def _as_json(result: Validation) -> dict[str, object]:
    problems = [
        {
            "where": str(problem.where or ""),
            "problem": problem.what,
            "fix": problem.fix,
            "slug": problem.slug,
        }
        for problem in result.problems
    ]
    return {"checks": result.checks, "problems": problems, "notes": list(result.notes)}


def _counted(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"
