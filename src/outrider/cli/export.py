"""`outrider export`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app import FrameFormat, empty_export_note, export_frames, find_workspace, open_store
from outrider.cli.echo import warn

_ROWS = ("samples", "runs", "rollups", "incidents")
_FORMATS = ("csv", "parquet", "json")


@click.command(epilog="Example: outrider export samples 'journey:*' --since 7d --out samples.csv")
@click.argument("rows", type=click.Choice(_ROWS))
@click.argument("pattern", default="*")
@click.option("--since", metavar="MOMENT", help='A time, or a duration back from now such as "7d"; all without it.')
@click.option("--until", metavar="MOMENT", help="The same; now without it.")
@click.option("--metric", default="duration_ms", show_default=True, help='Of samples and rollups; "" for every metric.')
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    help="The format; without it the suffix of --out decides, else csv.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; standard output without it.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def export(
    rows: str,
    pattern: str,
    *,
    since: str | None,
    until: str | None,
    metric: str,
    kind: str | None,
    out: Path | None,
    force: bool,
) -> None:
    """Write stored rows to a file or standard output, in the workspace's time zone.

    PATTERN is a check's id, with * for any characters; it does not narrow incidents.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        count = export_frames(
            workspace, store, rows, pattern,
            since=since, until=until, metric=metric, kind=_format(kind, out), target=out, replace=force,
        )  # fmt: skip
        if not count and rows != "incidents":
            warn(empty_export_note(store.tables, pattern, metric if rows != "runs" else ""))
    if out is not None:
        click.echo(f"wrote {count} rows to {out}", err=True)


def _format(kind: str | None, out: Path | None) -> FrameFormat:
    suffix = out.suffix.lower().removeprefix(".") if out else ""
    return FrameFormat(kind or (suffix if suffix in _FORMATS else "csv"))
