"""`outrider sourcemaps`: what turns places in built scripts into those of their sources."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import MapScope, check_build, find_workspace, list_projects, open_store, upload_maps
from outrider.cli.echo import echo, warn
from outrider.cli.fitted_table import FittedTable, name_column, number_column, time_column
from outrider.cli.run_tables import at, console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from outrider.app import CheckedScript

_FAILED = 1
_SHOWN = 100


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider sourcemaps upload dist --release 1.4.0 --url-prefix '~/static/'",
)
def sourcemaps() -> None:
    """Upload the source maps of builds, and check beforehand whether errors will find them."""


def _scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--release", default="", help="As errors name it; any release if absent."),
        click.option("--dist", default="", help="As errors name it; any if absent."),
        click.option(
            "--url-prefix", "prefix", default="~/", show_default=True,
            help="Where pages load the scripts of FOLDER from: '~/static/' on any host, or an address.",
        ),
        click.option(
            "--address", "addresses", multiple=True, metavar="URL",
            help="Of a script as pages load it: check whether its errors would find its map. May be repeated.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ):  # fmt: skip
        command = option(command)
    folders = click.argument(
        "folders", metavar="FOLDER…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
    )
    return folders(command)


@sourcemaps.command(epilog="Example: outrider sourcemaps check dist --address https://shop.example/static/app.js")
@_scope_options
def check(
    folders: tuple[Path, ...], *, release: str, dist: str, prefix: str, addresses: tuple[str, ...], as_json: bool
) -> None:
    """Say of each script in FOLDER whether errors will find its source map, and why not."""
    scripts = check_build(folders, MapScope(0, release, dist, prefix, addresses))
    _print(scripts, as_json=as_json)
    _end(scripts)


@sourcemaps.command(epilog="Example: outrider sourcemaps upload dist --release 1.4.0")
@click.option("--project", type=click.IntRange(1), help="The project whose errors find them; all if absent.")
@_scope_options
def upload(
    folders: tuple[Path, ...], *, project: int | None, release: str, dist: str, prefix: str,
    addresses: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Keep the source maps of FOLDER, except for those that no error would find; errors of before are read again."""
    scope = MapScope(project or 0, release, dist, prefix, addresses)
    scripts = check_build(folders, scope)
    with open_store(find_workspace()) as store:
        if project is not None and project not in {known.id for known in list_projects(store)}:
            raise click.UsageError(f"there is no project {project}: outrider project list")
        kept = upload_maps(store, scripts, scope)
    _print(scripts, as_json=as_json)
    if not as_json:
        echo(f"{kept} source map{'' if kept == 1 else 's'} kept")
    _end(scripts)


@sourcemaps.command("list", epilog="Example: outrider sourcemaps list --json")
@click.option("--limit", default=_SHOWN, show_default=True, type=click.IntRange(1, 1_000), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, limit: int, as_json: bool) -> None:
    """List the source maps that are kept, the latest first."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        entries = store.source_maps.list(limit)
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries]))
        return
    table = FittedTable(
        name_column("script"), name_column("release"), name_column("debug id"), number_column("kB"),
        time_column(f"uploaded ({workspace.timezone})"), time_column("last needed"),
    )  # fmt: skip
    for entry in entries:
        table.add_row(
            entry.path, entry.release or "any", entry.debug_id[:8], f"{entry.content_bytes / 1_000:,.0f}",
            at(entry.added_us, workspace.timezone), at(entry.used_us, workspace.timezone),
        )  # fmt: skip
    if entries:
        console().print(table)
    else:
        echo("no source map is kept: outrider sourcemaps upload FOLDER", err=True)
    if not entries.is_complete:
        warn(f"there are more: --limit {limit * 2}")


def _print(scripts: Sequence[CheckedScript], *, as_json: bool) -> None:
    if as_json:
        shown = [{name: value for name, value in asdict(script).items() if name != "content"} for script in scripts]
        click.echo(json.dumps(shown))
        return
    for script in scripts:
        if not script.problems:
            by = f"debug id {script.debug_id}, or as {script.path}" if script.debug_id else script.path
            count = f"{script.sources} source{'' if script.sources == 1 else 's'}"
            echo(f"{script.script}: {count}, found by {by}")
        for problem in script.problems:
            echo(f"{script.script}: will not be found: {problem}")
        for warning in script.warnings:
            echo(f"  note: {warning}")


def _end(scripts: Sequence[CheckedScript]) -> None:
    if any(script.problems for script in scripts):
        click.get_current_context().exit(_FAILED)
