"""`outrider show`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at, console, outcome_text, step_table, stored_as_json
from outrider.model import ArtifactKind, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from outrider.model import Attempt, RunId, StoredArtifact, StoredRun


@click.command(epilog="Example: outrider show 4f1c2a9b --open trace")
@click.argument("run")
@click.option("--open", "wanted", type=click.Choice([kind.value for kind in ArtifactKind]), help="Open an artifact.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(run: str, *, wanted: str | None, as_json: bool) -> int:
    """Show one RUN: its steps, its errors, and where each artifact lies.

    RUN is the id that `outrider runs` prints, or any beginning or end of it that is unique.
    """
    with open_store(workspace_here()) as store:
        stored = store.runs.get(run)
        if wanted:
            return _open(stored, ArtifactKind(wanted))
    if as_json:
        click.echo(json.dumps(stored_as_json(stored)))
    else:
        tell(console(), stored)
    return 0


def tell(out: Console, stored: StoredRun) -> None:
    """Print a stored run."""
    run = stored.run
    out.print(Text.assemble(outcome_text(run.outcome), f"  {run.check}  {at(run.due_us)} UTC"))
    if run.reason:
        out.print(Text(f"  {run.reason}"), soft_wrap=True)
    out.print(Text(f"  run {run.id} · {run.environment} · {run.location} · {run.circumstances.browser}"))
    for attempt in run.attempts:
        _tell_attempt(out, attempt)
        for one in stored.artifacts:
            if one.attempt == attempt.number:
                out.print(Text(f"  {one.kind:10} {one.where}  ({one.bytes:,} bytes)"), soft_wrap=True)
    for line in stored.omitted:
        out.print(Text(f"  left out: {line}", style="dim"))


def _tell_attempt(out: Console, attempt: Attempt) -> None:
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
    told = [f"{name} {value}" for name, value in sorted(measurement.attributes.items()) if name != "browser"]
    if told:
        out.print(Text(f"  {' · '.join(told)}", style="dim"), soft_wrap=True)
    for error in measurement.errors:
        lines = error.message.strip().splitlines() or [""]
        step = f" ({error.step})" if error.step else ""
        out.print(Text(f"  {error.source} error{step}: {lines[0]}", style="red"), soft_wrap=True)


def _open(stored: StoredRun, kind: ArtifactKind) -> int:
    found = [one for one in stored.artifacts if one.kind == kind and one.path]
    if not found:
        kept = ", ".join(sorted({one.kind for one in stored.artifacts})) or "nothing"
        raise UsageError(
            f"run {stored.run.id} has no {kind} in a local folder", slug="no-artifact", fix=f"it has kept: {kept}"
        )
    return subprocess.run(_viewer(found[-1], stored.run.id), check=False).returncode


def _viewer(artifact: StoredArtifact, run: RunId) -> list[str]:
    if artifact.kind == ArtifactKind.TRACE:
        return [sys.executable, "-m", "playwright", "show-trace", str(artifact.path)]
    path = _unpacked(artifact, run) if artifact.name.endswith(".gz") else artifact.path
    return ["open" if sys.platform == "darwin" else "xdg-open", str(path)]


def _unpacked(artifact: StoredArtifact, run: RunId) -> Path:
    """Write what is kept as gzip where a viewer knows it by its name, and return where."""
    path = Path(tempfile.mkdtemp(prefix=f"outrider-{run[-8:]}-")) / artifact.name.removesuffix(".gz")
    path.write_bytes(artifact.read())
    return path
