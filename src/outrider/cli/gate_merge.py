"""`outrider gate-merge`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from outrider.app import merge_gate_shards
from outrider.cli.gate_tables import GateOutputs, output_options
from outrider.cli.progress import Progress


@click.command(epilog="Example: outrider gate-merge shard-*.json --junit gate.xml --markdown gate.md")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@output_options
def gate_merge(files: tuple[Path, ...], **outputs: Any) -> int:
    """Merge the results of a gate's shards, and decide: FILES are what `outrider gate --shard 2/4 --json` printed.

    A fail counts only if it remains one after correction for the number of comparisons of all shards.
    Exit codes are those of `outrider gate`.
    """
    written = GateOutputs(**outputs)
    written.make_folders()
    with Progress() as progress:
        result = merge_gate_shards(files, progress)
    return written.write(result)
