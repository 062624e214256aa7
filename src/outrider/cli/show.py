"""`outrider show`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import (
    artifact_file,
    compare_with_last_good,
    comparison_document,
    comparison_json,
    export_artifacts,
    find_workspace,
    open_store,
    stored_run,
)
from outrider.cli.comparison_tables import print_comparison
from outrider.cli.completed_names import complete_runs
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note
from outrider.cli.run_tables import at_with_zone, console, outcome_text, step_table, stored_as_json
from outrider.cli.server_option import chosen_backend, refuse_with_server
from outrider.model import ArtifactKind

if TYPE_CHECKING:
    from rich.console import Console

    from outrider.model import Attempt, StoredRun


@click.command(epilog="Example: outrider show latest --export evidence")
@click.argument("run", shell_complete=complete_runs)
@click.option("--open", "wanted", type=click.Choice([kind.value for kind in ArtifactKind]), help="Open an artifact.")
@click.option(
    "--export", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Write trace, HAR, video, screenshots and logs into a new folder, with names that programs open.",
)  # fmt: skip
@click.option(
    "--against", type=click.Choice(["last-good"]), metavar="last-good",
    help="Compare with the newest run that passed before: steps, requests, pictures; also as a page.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(run: str, *, wanted: str | None, folder: Path | None, against: str | None, as_json: bool) -> int:
    """Show one RUN: its steps, its errors, and where each artifact lies.

    RUN is the id that `outrider runs` prints, any beginning or end of it that is unique, or `latest`.
    """
    for option, value in (("--open", wanted), ("--export", folder), ("--against", against)):
        refuse_with_server(option, value)
    if against:
        return _compare(run, as_json=as_json)
    with chosen_backend() as backend:
        stored = backend.run(run)
        if wanted:
            return _open(stored, ArtifactKind(wanted))
        if folder:
            return _export(stored, folder)
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps(stored_as_json(stored)))
    else:
        _print(console(), stored, timezone)
    return 0


def _print(out: Console, stored: StoredRun, timezone: str) -> None:
    """Print a stored run."""
    run = stored.run
    heading = FittedTable("", name_column(""))
    heading.add_row(outcome_text(run.outcome), run.check)
    out.print(heading)
    if run.reason:
        out.print(note(run.reason))
    places = (run.environment, run.location, run.circumstances.browser)
    out.print(note(" · ".join([at_with_zone(run.due_us, timezone), *filter(None, places)])))
    out.print(Text(f"  run {run.id}"), soft_wrap=True)
    for attempt in run.attempts:
        _print_attempt(out, attempt)
        for artifact in stored.artifacts:
            if artifact.attempt == attempt.number:
                out.print(Text(f"  {artifact.kind:10} {artifact.where}  ({artifact.bytes:,} bytes)"), soft_wrap=True)
    for line in stored.omitted:
        out.print(note(f"left out: {line}", style="dim"))


def _print_attempt(out: Console, attempt: Attempt) -> None:
    measurement = attempt.measurement
    kind = " (evidence, not a measurement)" if attempt.evidence else ""
    out.print()
    out.print(
        Text.assemble(
            f"attempt {attempt.number}{kind}: ",
            outcome_text(measurement.outcome),
            f", {measurement.duration_ms:.0f} ms",
        )
    )
    out.print(step_table(attempt))
    attributes = [f"{name} {value}" for name, value in sorted(measurement.attributes.items()) if name != "browser"]
    if attributes:
        out.print(note(" · ".join(attributes), style="dim"))
    for error in measurement.errors:
        lines = error.message.strip().splitlines() or [""]
        step = f" ({error.step})" if error.step else ""
        out.print(note(f"{error.source} error{step}: {lines[0]}", style="red"))


def _compare(run: str, *, as_json: bool) -> int:
    workspace = find_workspace()
    with open_store(workspace) as store:
        comparison = compare_with_last_good(workspace, store.runs, stored_run(store.runs, run).run.id)
    page = comparison_document(workspace, comparison).write()
    if as_json:
        click.echo(json.dumps({**comparison_json(comparison), "page": str(page)}))
    else:
        print_comparison(console(), comparison, page)
    return 0


def _export(stored: StoredRun, folder: Path) -> int:
    for path in export_artifacts(stored, folder):
        echo(path)
        if path.name.startswith("trace") and path.suffix == ".zip":
            echo(f"  opens with: playwright show-trace {path}")
    return 0


def _open(stored: StoredRun, kind: ArtifactKind) -> int:
    return subprocess.run(_viewer(artifact_file(stored, kind), kind), check=False).returncode


def _viewer(path: Path, kind: ArtifactKind) -> list[str]:
    if kind is ArtifactKind.TRACE:
        return [sys.executable, "-m", "playwright", "show-trace", str(path)]
    return ["open" if sys.platform == "darwin" else "xdg-open", str(path)]
