"""`outrider prove`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import ProofVerdict, find_workspace, open_store, prove_journeys
from outrider.cli.completed_names import complete_checks
from outrider.cli.fitted_table import FittedTable, heading, name_column, note_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import console, outcome_text

if TYPE_CHECKING:
    from rich.console import Console

    from outrider.app import Proof, ProofReport
    from outrider.model import Check, CheckId

_REASON_CHARACTERS = 120


@click.command(epilog="Example: outrider prove journeys/test_checkout.py")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def prove(patterns: tuple[str, ...], *, as_json: bool) -> int:
    """Inject faults into each journey's target, and report which of them it notices.

    A journey that passes although the server is dead is vacuous, and so is one that asks no server: it is listed, and
    the exit code is 1. A journey that fails against the intact target proves nothing: exit code 3.
    """
    workspace = find_workspace()
    out = console(stderr=as_json)
    with open_store(workspace, to_write=True) as store, ProofProgress(out) as progress:
        progress.progress("collecting checks")
        report = prove_journeys(workspace, store, patterns, listener=progress)
    if as_json:
        checks = {check: [asdict(proof) for proof in proofs] for check, proofs in report.proofs.items()}
        click.echo(json.dumps({"vacuous": list(report.vacuous), "checks": checks}))
    for check, why in report.vacuous.items():
        out.print(proof_finding("vacuous:", check, why))
    for check in report.unproved:
        out.print(proof_finding("proves nothing:", check, "it does not pass with the target intact"))
    return _exit_code(report)


def _exit_code(report: ProofReport) -> int:
    if report.vacuous:
        return 1
    return 3 if report.unproved else 0


def proof_finding(what: str, check: CheckId, why: str) -> FittedTable:
    """Return what is wrong with a journey's proof, as a line; at a narrow terminal the reason stands below it."""
    table = FittedTable("", name_column(""), note_column(""))
    table.add_row(Text(what, style="bold red"), check, why)
    return table


class ProofProgress(Progress):
    """Prints each proof as it is made."""

    def __init__(self, out: Console) -> None:
        super().__init__()
        self._out = out

    def proof_started(self, check: Check) -> None:
        """Print the journey."""
        self._out.print(heading(check.id))
        self.progress(f"{check.name}: intact")

    def proved(self, check: Check, proof: Proof) -> None:
        """Print what a fault has shown."""
        verdict = proof.verdict if proof.fault else ""
        shown = verdict.upper() if verdict == ProofVerdict.NOT_NOTICED else verdict
        outcome = Text("") if verdict == ProofVerdict.NOT_APPLICABLE else outcome_text(proof.outcome)
        row = FittedTable("", "", note_column(""))
        row.add_row(f"  {proof.fault or 'intact':20} {shown:15}", outcome, _short(proof.reason))
        self._out.print(row)
        self.progress(f"{check.name}: after {proof.fault or 'intact'}")


def _short(reason: str) -> str:
    return reason if len(reason) <= _REASON_CHARACTERS else f"{reason[:_REASON_CHARACTERS]}… (--json prints it whole)"
