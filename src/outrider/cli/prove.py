"""`outrider prove`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

from outrider.app.runtime import browser_settings, open_runtime, open_store, workspace_here
from outrider.cli.run import Progress
from outrider.cli.telling import outcome_text
from outrider.journeys import find_browser
from outrider.model import Outcome, StoredProof, UsageError
from outrider.runs import is_vacuous
from outrider.runs import prove as prove_check
from outrider.workspace import select

if TYPE_CHECKING:
    from outrider.app.runtime import Runtime
    from outrider.model import Check
    from outrider.runs import Proof
    from outrider.store import Store


@click.command(epilog="Example: outrider prove journeys/test_checkout.py")
@click.argument("patterns", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def prove(patterns: tuple[str, ...], *, as_json: bool) -> int:
    """Break each journey's target on purpose, and report which fault it notices.

    A journey that stays green under a dead server is vacuous: it is named, and the exit code is 1. One that does not
    pass against the intact target proves nothing: exit code 3.
    """
    workspace = workspace_here()
    if not workspace.capabilities.injection:
        raise UsageError(
            "injecting faults is switched off in outrider.toml",
            slug="switched-off",
            fix="set injection = true below [capabilities]",
        )
    browser = find_browser(browser_settings(workspace))
    console, progress = Console(stderr=as_json), Progress(Console(stderr=True))
    results: dict[str, list[Proof]] = {}
    with open_store(workspace) as store, open_runtime(workspace, browser=browser) as ready:
        progress.say("getting ready")
        for check in select(ready.discover().journeys, patterns):
            with ready.turns.taken():
                results[check.id] = _prove(check, ready, store, console, progress)
    progress.stop()
    vacuous = [name for name, proofs in results.items() if is_vacuous(proofs)]
    if as_json:
        told = {name: [asdict(one) for one in proofs] for name, proofs in results.items()}
        click.echo(json.dumps({"vacuous": vacuous, "checks": told}))
    for name in vacuous:
        console.print(f"vacuous: {name} stays green under a dead server", style="bold red", markup=False)
    unproved = any(proofs[0].outcome not in {Outcome.PASSED, Outcome.SKIPPED} for proofs in results.values())
    return 1 if vacuous else 3 if unproved else 0


def _prove(check: Check, ready: Runtime, store: Store, console: Console, progress: Progress) -> list[Proof]:
    now_us = time.time_ns() // 1000
    console.print(check.id, style="bold", markup=False, highlight=False)
    proofs: list[Proof] = []
    progress.say(f"{check.name}: intact")
    for proof in prove_check(check, ready.measure, ready.scratch / f"prove-{now_us}", now_us):
        proofs.append(proof)
        noticed = "" if not proof.fault else "noticed" if proof.noticed else "NOT NOTICED"
        console.print(
            f"  {proof.fault or 'intact':20} {noticed:12}", outcome_text(proof.outcome), proof.reason[:120],
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        progress.say(f"{check.name}: after {proof.fault or 'intact'}")
    snapshot = ready.circumstances.snapshot
    store.proofs.record(
        StoredProof(check.id, one.fault, now_us, one.outcome, one.noticed, one.reason, snapshot) for one in proofs
    )
    return proofs
