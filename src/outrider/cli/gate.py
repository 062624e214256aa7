"""`outrider gate`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from outrider.app import (
    GateOptions,
    Verdict,
    Word,
    display_name,
    find_workspace,
    gate_as_annotations,
    gate_as_json,
    gate_as_junit,
    gate_as_markdown,
    gate_cells,
    gate_rules,
    open_store,
    run_gate,
    self_test_gate,
)
from outrider.cli.progress import Progress
from outrider.cli.run_tables import console

if TYPE_CHECKING:
    from rich.console import Console

    from outrider.app import Decision, FalseFails, GateResult

_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "magenta"}
_VERDICTS = [verdict.value for verdict in Verdict]
_CODES = {Word.PASS: 0, Word.FAIL: 1, Word.INCONCLUSIVE: 3, Word.SETUP_ERROR: 4}


@click.command(epilog="Example: outrider gate --ab https://shop.example https://pr-17.shop.example --junit gate.xml")
@click.argument("patterns", nargs=-1)
@click.option("--ab", nargs=2, metavar="BASE CANDIDATE", help="Compare two addresses, measured in turns.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Compare with the last N stored runs.")
@click.option("--self-test", is_flag=True, help="Compare the candidate with itself: how often would that fail?")
@click.option("--variable", metavar="NAME", help="With --ab: an environment variable that takes the address, too.")
@click.option("--margin", default=5.0, show_default=True, type=click.FloatRange(0), help="Slowdown tolerated, in %.")
@click.option("--floor", default=5.0, show_default=True, type=click.FloatRange(0), help="Slowdown tolerated, in ms.")
@click.option("--runs", "size", default=5, show_default=True, type=click.IntRange(1), help="Runs in a session.")
@click.option("--sessions", "cap", default=20, show_default=True, type=click.IntRange(4), help="Sessions at most.")
@click.option(
    "--inconclusive", default="inconclusive", show_default=True, type=click.Choice(_VERDICTS),
    help="How the exit code treats an inconclusive gate.",
)  # fmt: skip
@click.option("--json", "as_data", is_flag=True, help="Print one JSON object.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write Markdown for a pull request.")
@click.option("--github", is_flag=True, help="Print GitHub annotations, and add to the job's summary.")
def gate(
    patterns: tuple[str, ...],
    *,
    ab: tuple[str, str] | None,
    last: int | None,
    self_test: bool,
    variable: str | None,
    margin: float,
    floor: float,
    size: int,
    cap: int,
    inconclusive: str,
    as_data: bool,
    junit: Path | None,
    markdown: Path | None,
    github: bool,
) -> int:
    """Run checks and decide whether they got worse; sessions are taken until every verdict is known.

    The base is what was accepted in baselines/, unless --ab or --last names another. Exit codes: 0 pass, 1 fail,
    3 inconclusive, 4 setup error.
    """
    if sum((ab is not None, last is not None, self_test)) > 1:
        raise click.UsageError("--ab, --last and --self-test exclude each other")
    _make_folders(junit, markdown)
    rules = gate_rules(margin=margin / 100, floor_ms=floor, most_sessions=cap)
    options = GateOptions(rules, size, ab, variable, last)
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        if self_test:
            _print_rates(self_test_gate(workspace, store, patterns, options, listener=progress), as_data=as_data)
            return 0
        result = run_gate(workspace, store, patterns, options, listener=progress)
    decision = result.decision
    _write(decision, junit, markdown)
    if as_data:
        click.echo(json.dumps(gate_as_json(decision)))
    else:
        _print_decision(console(), decision)
    if github or os.environ.get("GITHUB_ACTIONS") == "true":
        _print_for_github(result, on_stderr=as_data)
    return _CODES[Word(inconclusive) if decision.word is Word.INCONCLUSIVE else decision.word]


def _print_decision(out: Console, decision: Decision) -> None:
    """Print a decision: a line a step, with the interval of its change."""
    table = Table(box=None, pad_edge=False)
    for title in ("verdict", "check", "step", "base", "candidate", "change", "interval", "sessions"):
        table.add_column(title, justify="right" if title in {"base", "candidate", "change"} else "left")
    for finding in decision.findings:
        verdict = Text(finding.verdict, style=_STYLES[finding.verdict])
        count = str(finding.comparison.sessions or "")
        table.add_row(verdict, Text(display_name(finding.check)), *map(Text, gate_cells(finding)), count)
    if decision.findings:
        out.print(table)
    for finding in decision.findings:
        if finding.verdict is not Verdict.PASS:
            out.print(
                Text(f"{display_name(finding.check)} {finding.step or 'failures'}: {finding.comparison.reason}"),
                soft_wrap=True,
            )
    for note in decision.notes:
        out.print(Text(f"note: {note}"), soft_wrap=True)
    for reason in decision.wrong:
        out.print(Text(f"setup error: {reason}", style="bold magenta"), soft_wrap=True)
    against = f", against {decision.against}" if decision.against else ""
    out.print(Text(f"gate: {decision.word}{against}", style="bold"))


def _print_rates(rates: FalseFails, *, as_data: bool) -> None:
    if as_data:
        steps = [
            {"check": check, "step": step or None, "false_fail_rate": rate}
            for (check, step), rate in rates.by_step.items()
        ]
        totals = {"trials": rates.trials, "false_fail_rate": rates.rate, "inconclusive_rate": rates.inconclusive}
        click.echo(json.dumps({**totals, "steps": steps}))
        return
    for (check, step), rate in rates.by_step.items():
        click.echo(f"{rate:6.1%}  {display_name(check)} {step or 'failures'}")
    click.echo(
        f"{rates.rate:6.1%}  the gate as a whole fails when the candidate is compared with itself "
        f"({rates.trials} deals of the same sessions); at most 1 % is wanted\n"
        f"{rates.inconclusive:6.1%}  the verdict is inconclusive"
    )


def _make_folders(*files: Path | None) -> None:
    """Make the folders of reports now: measuring takes an hour, and must not be lost."""
    for file in filter(None, files):
        file.parent.mkdir(parents=True, exist_ok=True)


def _write(decision: Decision, junit: Path | None, markdown: Path | None) -> None:
    if junit:
        junit.write_text(gate_as_junit(decision), encoding="utf-8")
    if markdown:
        markdown.write_text(gate_as_markdown(decision), encoding="utf-8")


def _print_for_github(result: GateResult, *, on_stderr: bool) -> None:
    for line in gate_as_annotations(result.decision, result.checks):
        click.echo(line, err=on_stderr)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(gate_as_markdown(result.decision))
