"""`outrider export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import FrameFormat, empty_range_note, export_frames
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo, warn
from outrider.cli.progress import Progress
from outrider.cli.server_option import chosen_backend
from outrider.model import Place, UsageError, counted

if TYPE_CHECKING:
    from outrider.app import Backend

_ROWS = ("samples", "runs", "rollups", "incidents")
_FORMATS = ("csv", "parquet", "json")
_CSV_TOO = ("", "txt")
"""Other suffixes of CSV files."""


@click.command(epilog="Example: outrider export samples 'journey:*' --since 7d --out samples.csv")
@click.argument("rows", type=click.Choice(_ROWS))
@click.argument("pattern", shell_complete=complete_checks, default="*")
@click.option("--since", metavar="MOMENT", help='A time, or a duration back from now such as "7d"; all without it.')
@click.option("--until", metavar="MOMENT", help="The same; now without it.")
@click.option("--metric", default="duration_ms", show_default=True, help='Of samples and rollups; "" for every metric.')
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    help="The format; without it the suffix of --out decides; csv without one, and of .txt.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; standard output without it, or with -."
)
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

    PATTERN is a check's id, with * for any characters; it does not narrow incidents. A server gives no rollups, a
    million rows at a time, and incidents of the last ninety days.
    """
    target = None if out is None or str(out) == "-" else out
    form = _format(kind, target)
    with chosen_backend() as backend, Progress() as progress:
        if target is not None:
            progress.progress(f"writing {target}")
        count = export_frames(
            backend.frames, rows, pattern,
            since=since, until=until, metric=metric, kind=form, target=target, replace=force,
        )  # fmt: skip
        if not count:
            _explain_nothing(backend, rows, pattern, metric, since, until)
    if target is not None:
        echo(f"wrote {counted(count, 'row')} to {target}", err=True)


def _explain_nothing(  # noqa: PLR0917 - what was typed
    backend: Backend, rows: str, pattern: str, metric: str, since: str | None, until: str | None
) -> None:
    """Print why there are no rows: a name that nothing has, or a range in which nothing lies."""
    unknown = "" if rows == "incidents" else backend.empty_export_note(pattern, metric if rows != "runs" else "")
    warn(unknown)
    if not unknown and (note := empty_range_note(backend.frames, rows, since=since, until=until)):
        echo(note, err=True)


def _format(kind: str | None, target: Path | None) -> FrameFormat:
    suffix = target.suffix.lower().removeprefix(".") if target else ""
    if kind is None and suffix not in {*_FORMATS, *_CSV_TOO}:
        raise UsageError(
            f'".{suffix}" is no format that rows are written in',
            slug="bad-argument",
            fix=f"end the name with .{', .'.join(_FORMATS)}, or name the format with --format",
            where=Place(str(target)),
        )
    return FrameFormat(kind or (FrameFormat.CSV if suffix in _CSV_TOO else suffix))
