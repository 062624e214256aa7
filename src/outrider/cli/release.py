"""`outrider release`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime

import click

from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at
from outrider.model import Release


@click.command(epilog="Example: outrider release 2.14.0 --environment production")
@click.argument("name", required=False)
@click.option("--at", "moment", metavar="TIME", help="When it went live, ISO 8601; now if absent, UTC if without zone.")
@click.option("--environment", help="Where; the workspace's default if absent.")
@click.option("--accept", is_flag=True, help="The level since then is the new normal: learn it anew.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of all releases.")
def release(name: str | None, *, moment: str | None, environment: str | None, accept: bool, as_json: bool) -> None:
    """Mark a deploy called NAME, so that changes can be explained by it; without a name list what is marked."""
    workspace = workspace_here()
    with open_store(workspace) as store:
        if name:
            place = environment or workspace.defaults.environment
            store.judgements.record_release(Release(name, place, _microseconds(moment), accept))
        found = store.judgements.releases(environment)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        click.echo(f"{at(one.at_us)} UTC  {one.environment:12} {one.name}{'  accepted' if one.accepted else ''}")
    if not found:
        click.echo("no releases are marked: outrider release NAME", err=True)


def _microseconds(moment: str | None) -> int:
    if moment is None:
        return time.time_ns() // 1000
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise click.BadParameter(f"{error}; write 2026-03-01T14:00:00+00:00", param_hint="--at") from None
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp() * 1_000_000)
