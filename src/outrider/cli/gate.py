"""`outrider gate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from outrider.app import (
    GateOptions,
    Shard,
    display_name,
    duration_s,
    find_workspace,
    gate_rules,
    ignored_variables,
    open_store,
    run_gate,
    self_test_gate,
)
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo
from outrider.cli.gate_tables import GateOutputs, output_options
from outrider.cli.option_types import TypedValue
from outrider.cli.progress import Progress
from outrider.model import per_cent

if TYPE_CHECKING:
    from outrider.app import FalseFails

_DURATION = TypedValue("duration", duration_s)


@click.command(epilog="Example: outrider gate --ab https://shop.example https://pr-17.shop.example --junit gate.xml")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1)
@click.option("--ab", nargs=2, metavar="BASE CANDIDATE", help="Compare two addresses, measured alternately.")
@click.option("--last", type=click.IntRange(1, 100_000), metavar="N", help="Compare with the last N stored runs.")
@click.option("--self-test", is_flag=True, help="Compare the candidate with itself: how often would that fail?")
@click.option("--variable", metavar="NAME", help="With --ab: an environment variable that takes the address, too.")
@click.option(
    "--decides", "deciding", multiple=True, metavar="STEP",
    help="A step that decides, by name or pattern; may be given often. Without it, `decides` of the settings.",
)  # fmt: skip
@click.option(
    "--margin", default=5.0, show_default=True, type=click.FloatRange(0, 1000), help="Slowdown tolerated, in %."
)
@click.option(
    "--floor", default=5.0, show_default=True, type=click.FloatRange(0, 3_600_000), help="Slowdown tolerated, in ms."
)
@click.option("--runs", "size", default=5, show_default=True, type=click.IntRange(1, 1000), help="Runs in a session.")
@click.option(
    "--sessions", "cap", default=20, show_default=True, type=click.IntRange(4, 1000),
    help="Sessions of a check at most; an undecided one may use what decided ones did not need, up to twice as many.",
)  # fmt: skip
@click.option("--budget", "budget_s", type=_DURATION, metavar="TIME", help='The best answer within TIME, such as "5m".')
@click.option(
    "--shard", type=TypedValue("shard", Shard.of), metavar="N/COUNT",
    help="Take only this part of the checks; outrider gate-merge decides from the --json of all.",
)  # fmt: skip
@click.option("--fail-fast", is_flag=True, help="Stop at the first certain fail.")
@output_options
def gate(
    patterns: tuple[str, ...],
    *,
    ab: tuple[str, str] | None,
    last: int | None,
    self_test: bool,
    variable: str | None,
    deciding: tuple[str, ...],
    margin: float,
    floor: float,
    size: int,
    cap: int,
    budget_s: float | None,
    shard: Shard | None,
    fail_fast: bool,
    **outputs: Any,
) -> int:
    """Run checks and decide whether they got worse; sessions are taken until every verdict is known.

    The base is what was accepted in baselines/, unless --ab or --last names another. A check without a baseline is not
    judged, which a note says; if no check has one, there is nothing to decide: "no baseline" (exit code 2). Accept one
    with `outrider baseline accept`, or compare two addresses with --ab, which needs none.
    """
    if sum((ab is not None, last is not None, self_test)) > 1:
        raise click.UsageError("--ab, --last and --self-test exclude each other")
    if self_test and (budget_s or fail_fast):
        raise click.UsageError("--self-test takes all of its sessions: leave --budget and --fail-fast out")
    written = GateOutputs(**outputs)
    written.make_folders()
    rules = gate_rules(margin=margin / 100, floor_ms=floor, most_sessions=cap, deciding=deciding)
    options = GateOptions(rules, size, ab, variable, last, fail_fast=fail_fast, budget_s=budget_s, shard=shard)
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store, Progress() as progress:
        progress.ignores(ignored_variables(workspace))
        if self_test:
            rates = self_test_gate(workspace, store, patterns, options, listener=progress)
            _print_rates(rates, as_data=written.as_data)
            return 0
        result = run_gate(workspace, store, patterns, options, listener=progress)
    return written.write(result)


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
        echo(f"{per_cent(rate):>7}  {display_name(check)} {step or 'failures'}")
    echo(
        f"{per_cent(rates.rate):>7}  the gate as a whole fails when the candidate is compared with itself "
        f"({rates.trials} deals of the same sessions); at most 1 % is wanted\n"
        f"{per_cent(rates.inconclusive):>7}  the verdict is inconclusive"
    )
