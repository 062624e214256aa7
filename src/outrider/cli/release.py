"""`outrider release`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.app import git_log, moment_us
from outrider.cli.echo import echo, warn
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at_with_zone
from outrider.cli.server_option import chosen_backend
from outrider.model import counted


@click.command(epilog="Example: outrider release 2.14.0")
@click.argument("name", required=False)
@click.option(
    "--at", "at_us", metavar="TIME", type=TypedValue("time", moment_us),
    help="When it went live, ISO 8601; now if absent, UTC if without zone.",
)  # fmt: skip
@click.option("--environment", help="Where; the workspace's default if absent.")
@click.option("--accept", is_flag=True, help="Learn the level since then as the new baseline.")
@click.option(
    "--commits", metavar="RANGE", default="",
    help="What it consists of, of the Git repository here, such as v2.13.0..HEAD: suspects of new issues.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of all releases.")
def release(
    name: str | None, *, at_us: int | None, environment: str | None, accept: bool, commits: str, as_json: bool
) -> None:
    """Mark a deploy called NAME, so that changes can be explained by it; without NAME list the marked ones."""
    if commits and not name:
        raise click.UsageError("--commits are those of a release: name it")
    log, more = git_log(commits) if commits else ("", 0)
    if more:
        warn(f"the latest commits are kept; {counted(more, 'earlier one')} would be too much")
    with chosen_backend() as backend:
        if environment:
            warn(backend.environment_note(environment))
        if name:
            backend.mark_release(name, at_us=at_us, environment=environment, accept=accept, commits=log)
        releases = backend.releases(environment)
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([asdict(marked) for marked in releases]))
        return
    for marked in releases:
        accepted = "  accepted" if marked.accepted else ""
        click.echo(f"{at_with_zone(marked.at_us, timezone)}  {marked.environment:12} {marked.name}{accepted}")
    if not releases:
        echo("no releases are marked: outrider release NAME", err=True)
