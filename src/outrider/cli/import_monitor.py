"""`outrider import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace
from outrider.app.access.reader_gate import gated
from outrider.app.execution.monitor_import import MONITORS, import_monitor, write_import
from outrider.cli.echo import echo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.execution.monitor_import import MonitorImport


def _target(_: click.Context, __: click.Parameter, values: Sequence[str]) -> list[tuple[str, str]]:
    """Return modules with their targets."""
    pairs = [value.partition("=") for value in values]
    if any(not (module and address) for module, _, address in pairs):
        raise click.BadParameter("write MODULE=ADDRESS, such as http_2xx=https://shop.example/")
    return [(module, address) for module, _, address in pairs]


@click.command("import", epilog="Example: outrider import gatus config.yaml")
@click.argument("monitor", type=click.Choice(MONITORS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--jobs", type=click.Path(path_type=Path), help="Prometheus' configuration: targets of blackbox modules.")
@click.option("--target", "targets", multiple=True, callback=_target, metavar="MODULE=ADDRESS", help="A target.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Instead of probes/MONITOR.toml.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_command(
    monitor: str,
    file: Path,
    *,
    jobs: Path | None,
    targets: list[tuple[str, str]],
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make probes of another monitor's configuration, and list what cannot be carried over.

    FILE is Gatus' config.yaml, a backup or the database of Uptime Kuma, or the blackbox exporter's blackbox.yml.
    Secrets are not copied: each becomes a variable that the list names.
    """
    workspace = find_workspace()
    imported = import_monitor(workspace, monitor, file, jobs=jobs, targets=targets)
    path = out or workspace.root / "probes" / f"{monitor}.toml"
    if imported.probes:
        write_import(imported, path, force=force)
    if as_json:
        click.echo(json.dumps(_as_json(imported, path)))
    else:
        _print(imported, path)


def _print(imported: MonitorImport, path: Path) -> None:
    for leftover in imported.leftovers:
        echo(f"{'to be set' if leftover.is_secret else 'not carried over'}: {leftover}", err=True)
    if imported.alerts:
        click.echo(f"# for scheduler/alerts.toml\n\n{imported.alerts}")  # its secrets are variables
    written = f"wrote {path}: " if imported.probes else ""
    secrets = sum(leftover.is_secret for leftover in imported.leftovers)
    lost = len(imported.leftovers) - secrets
    echo(f"{written}probes: {imported.probes}, to be set: {secrets}, not carried over: {lost}", err=True)


def _as_json(imported: MonitorImport, path: Path) -> dict[str, object]:
    leftovers = [
        {"line": left.line, "what": gated(left.what), "why": gated(left.why), "to_be_set": left.is_secret}
        for left in imported.leftovers
    ]
    return {
        "file": str(path) if imported.probes else None,
        "probes": imported.probes,
        "leftovers": leftovers,
        "alerts": imported.alerts,
    }
