"""Tables, files and annotations of a gate's decision."""

from __future__ import annotations

import json
import os
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import (
    GateVerdict,
    Verdict,
    display_name,
    gate_as_annotations,
    gate_as_json,
    gate_as_junit,
    gate_as_markdown,
    gate_comparison_texts,
    gate_verdict_text,
    path_errors,
)
from outrider.cli.echo import echo
from outrider.cli.fitted_table import (
    Column,
    FittedTable,
    detail_column,
    name_column,
    note,
    note_column,
    number_column,
    text_column,
)
from outrider.cli.run_tables import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from outrider.app import Decision, GateResult

_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "magenta"}
_VERDICTS = [verdict.value for verdict in Verdict]
_CODES = {GateVerdict.PASS: 0, GateVerdict.FAIL: 1, GateVerdict.INCONCLUSIVE: 3, GateVerdict.SETUP_ERROR: 4}
_COLUMNS: tuple[Column | str, ...] = (
    "verdict", name_column("check"), text_column("step"), *map(number_column, ("base", "candidate", "change")),
    *map(detail_column, ("interval", "tolerated", "sessions")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GateOutputs:
    """Where a decision goes, beside the terminal, and what an inconclusive one means."""

    inconclusive: str
    as_data: bool
    junit: Path | None
    markdown: Path | None
    github: bool

    def make_folders(self) -> None:
        """Make the folders of the files now: measuring takes an hour, and must not be lost."""
        for file in filter(None, (self.junit, self.markdown)):
            with path_errors(file):
                file.parent.mkdir(parents=True, exist_ok=True)

    def write(self, result: GateResult) -> int:
        """Print and write a decision, and return the exit code."""
        decision = result.decision
        for file, text in ((self.junit, gate_as_junit), (self.markdown, gate_as_markdown)):
            if file:
                with path_errors(file):
                    file.write_text(text(decision), encoding="utf-8")
        if self.as_data:
            click.echo(json.dumps(gate_as_json(decision, result.places)))
        else:
            _print_decision(console(), decision)
        if self.github or (os.environ.get("GITHUB_ACTIONS") == "true" and not decision.shard):
            _print_for_github(result, on_stderr=self.as_data)
        return _CODES[
            GateVerdict(self.inconclusive) if decision.verdict is GateVerdict.INCONCLUSIVE else decision.verdict
        ]


def output_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of `GateOutputs` to a command."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option("--github", is_flag=True, help="Print GitHub annotations, and add to the job's summary."),
        click.option("--markdown", type=file, help="Write Markdown for a pull request."),
        click.option("--junit", type=file, help="Write JUnit XML."),
        click.option("--json", "as_data", is_flag=True, help="Print one JSON object."),
        click.option(
            "--inconclusive", default="inconclusive", show_default=True, type=click.Choice(_VERDICTS),
            help="How the exit code treats an inconclusive gate.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _print_decision(out: Console, decision: Decision) -> None:
    """Print a decision: a line a step, with the interval of its change and what is tolerated."""
    table = FittedTable(*_COLUMNS)
    for compared in decision.comparisons:
        verdict = Text(gate_verdict_text(compared), style=_STYLES[compared.verdict] if compared.decides else "dim")
        count = str(compared.comparison.sessions or "")
        texts = map(Text, astuple(gate_comparison_texts(compared)))
        table.add_row(verdict, Text(display_name(compared.check)), *texts, count)
    if decision.comparisons:
        out.print(table)
    for compared in decision.comparisons:
        if compared.verdict is not Verdict.PASS:
            reason = FittedTable(name_column(""), note_column(""))
            name = f"{display_name(compared.check)} {compared.step or 'failures'}"
            reason.add_row(f"{name}:", compared.comparison.reason)
            out.print(reason)
    for text in decision.notes:
        out.print(note(f"note: {text}", 0))
    for text in decision.wrong:
        out.print(note(f"setup error: {text}", 0, "bold magenta"))
    against = f", against {decision.against}" if decision.against else ""
    out.print(note(f"gate: {decision.verdict}{against}", 0, "bold"))


def _print_for_github(result: GateResult, *, on_stderr: bool) -> None:
    for line in gate_as_annotations(result.decision, result.places):
        echo(line, err=on_stderr)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(gate_as_markdown(result.decision))
