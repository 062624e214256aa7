"""`outrider gate`."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outrider.app.discovery import nothing_to_run, wants_probes_only
from outrider.app.gate_session import GateSession, comparable, open_side
from outrider.app.gate_sources import AgainstBases, SelfTest, SideBySide, accepted_bases, last_bases
from outrider.app.runtime import found_browser, open_runtime, open_store, remember, workspace_here
from outrider.baselines import Plan, Verdict
from outrider.cli.run import Progress
from outrider.cli.telling import console, name_of
from outrider.gate import (
    Address,
    Decision,
    Rules,
    Word,
    as_annotations,
    as_json,
    as_junit,
    as_markdown,
    cells,
    false_fails,
    gather,
)
from outrider.model import BrowserError, Kind, UsageError
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app.runtime import Runtime
    from outrider.gate import FalseFails, Gathered, Look
    from outrider.model import Check
    from outrider.workspace import Workspace

_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "magenta"}
_CODES = {Word.PASS: 0, Word.FAIL: 1, Word.INCONCLUSIVE: 3, Word.SETUP_ERROR: 4}
FOLDER = "baselines"


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
    "--inconclusive", default="inconclusive", show_default=True, type=click.Choice([one.value for one in Verdict]),
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
    for address in ab or ():
        Address.of(address)
    _make_room(junit, markdown)
    looks = tuple(look for look in Plan().looks if look < cap)
    rules = Rules(margin=margin / 100, floor_ms=floor, plan=Plan(looks=(*looks, cap)))
    workspace = workspace_here()
    progress = Progress(Console(stderr=True))
    try:
        if self_test:
            return _self_test(workspace, patterns, rules, size, progress, as_data=as_data)
        decision, checks = _decide(workspace, patterns, rules, size, progress, ab=ab, last=last, variable=variable)
    finally:
        progress.stop()
    _write(decision, junit, markdown)
    if as_data:
        click.echo(json.dumps(as_json(decision)))
    else:
        tell(console(), decision)
    if github or os.environ.get("GITHUB_ACTIONS") == "true":
        _tell_github(decision, checks, on_stderr=as_data)
    return _CODES[Word(inconclusive) if decision.word is Word.INCONCLUSIVE else decision.word]


def tell(out: Console, decision: Decision) -> None:
    """Print a decision: a line a step, with the interval of its change."""
    table = Table(box=None, pad_edge=False)
    for title in ("verdict", "check", "step", "base", "candidate", "change", "interval", "sessions"):
        table.add_column(title, justify="right" if title in {"base", "candidate", "change"} else "left")
    for one in decision.findings:
        verdict = Text(one.verdict, style=_STYLES[one.verdict])
        count = str(one.comparison.sessions or "")
        table.add_row(verdict, Text(name_of(one.check)), *map(Text, cells(one)), count)
    if decision.findings:
        out.print(table)
    for one in decision.findings:
        if one.verdict is not Verdict.PASS:
            out.print(Text(f"{name_of(one.check)} {one.step or 'failures'}: {one.comparison.reason}"), soft_wrap=True)
    for note in decision.notes:
        out.print(Text(f"note: {note}"), soft_wrap=True)
    for reason in decision.wrong:
        out.print(Text(f"setup error: {reason}", style="bold magenta"), soft_wrap=True)
    against = f", against {decision.against}" if decision.against else ""
    out.print(Text(f"gate: {decision.word}{against}", style="bold"))


def _decide(
    workspace: Workspace,
    patterns: Sequence[str],
    rules: Rules,
    size: int,
    progress: Progress,
    *,
    ab: tuple[str, str] | None,
    last: int | None,
    variable: str | None,
) -> tuple[Decision, dict[str, Check]]:
    with _room(workspace, patterns, progress, ab) as room:
        lab, checks = room.lab, room.checks
        told = {str(check.id): check for check in checks}
        if ab:
            with SideBySide(lab, checks, ab, size, variable) as sides:
                gathered = gather({check.id: rules for check in checks}, sides, partial(_looked, progress))
            return _decision(gathered, f"{ab[0]}, in turns with {ab[1]}", room.notes), told
        bases = (
            last_bases(lab, checks, rules, size, last)
            if last
            else accepted_bases(lab, checks, room.present, workspace.root / FOLDER)
        )
        fitted = {check.id: bases.bases[check.id].fitted(rules) for check in checks if check.id in bases.bases}
        with open_side(room.ready, lab.store) as stand:
            source = AgainstBases(lab, stand, checks, bases=bases, size=size)
            gathered = gather(fitted, source, partial(_looked, progress))
    return _decision(gathered, bases.against, [*room.notes, *bases.notes]), told


@dataclass(frozen=True, slots=True)
class _Room:
    """What a gate works with: the checks that were chosen and can be compared, all that are present, and notes."""

    lab: GateSession
    ready: Runtime
    checks: list[Check]
    present: tuple[Check, ...]
    notes: list[str]


@contextmanager
def _room(
    workspace: Workspace, patterns: Sequence[str], progress: Progress, ab: tuple[str, str] | None = None
) -> Iterator[_Room]:
    browser = None if wants_probes_only(patterns) else found_browser(workspace)
    usable = None if isinstance(browser, BrowserError) else browser
    with open_store(workspace) as store, open_runtime(workspace, browser=usable) as ready:
        progress.say("getting ready")
        discovery = ready.discover()
        chosen = [check for check in select(discovery.checks, patterns) if patterns or check.policy.enabled]
        checks, notes = comparable(chosen, ab)
        if not checks and notes:
            raise UsageError("; ".join(notes), slug="no-checks", fix="name others")
        if not checks:
            raise nothing_to_run(workspace, discovery.checks)
        if isinstance(browser, BrowserError) and any(check.kind == Kind.JOURNEY for check in checks):
            raise browser
        remember(store, ready, discovery.checks)
        yield _Room(GateSession(workspace, usable, store, progress), ready, checks, discovery.checks, notes)


def _decision(gathered: Gathered, against: str, notes: Sequence[str]) -> Decision:
    wrong = tuple(f"{name_of(check)}: {reason}" for check, reason in gathered.wrong.items())
    unmatched = (f"{name_of(check)}: {words}" for check, told in gathered.unmatched.items() for words in told)
    return Decision(gathered.findings, (*notes, *unmatched), wrong, against)


def _looked(progress: Progress, look: Look) -> None:
    progress.note(f"after {look.sessions} sessions: {look.known} of {look.checks} checks are known")


def _self_test(
    workspace: Workspace, patterns: Sequence[str], rules: Rules, size: int, progress: Progress, *, as_data: bool
) -> int:
    import numpy as np  # noqa: PLC0415 - only where used

    with _room(workspace, patterns, progress) as room, open_side(room.ready, room.lab.store) as stand:
        twice = SelfTest(room.lab, stand, room.checks, size=size)
        twice.measure(rules.plan.looks[-1])
    progress.say("dealing the sessions anew")
    rates = false_fails(twice.taken, dict.fromkeys(twice.taken, rules), np.random.default_rng(1))
    progress.stop()
    _tell_rates(rates, as_data=as_data)
    return 0


def _tell_rates(rates: FalseFails, *, as_data: bool) -> None:
    if as_data:
        steps = [
            {"check": check, "step": step or None, "false_fail_rate": rate}
            for (check, step), rate in rates.by_step.items()
        ]
        told = {"trials": rates.trials, "false_fail_rate": rates.rate, "inconclusive_rate": rates.inconclusive}
        click.echo(json.dumps({**told, "steps": steps}))
        return
    for (check, step), rate in rates.by_step.items():
        click.echo(f"{rate:6.1%}  {name_of(check)} {step or 'failures'}")
    click.echo(
        f"{rates.rate:6.1%}  the gate as a whole fails when the candidate is compared with itself "
        f"({rates.trials} deals of the same sessions); at most 1 % is wanted\n"
        f"{rates.inconclusive:6.1%}  it does not know"
    )


def _make_room(*files: Path | None) -> None:
    """Make the folders of reports before an hour of measuring, not after it."""
    for file in filter(None, files):
        file.parent.mkdir(parents=True, exist_ok=True)


def _write(decision: Decision, junit: Path | None, markdown: Path | None) -> None:
    if junit:
        junit.write_text(as_junit(decision), encoding="utf-8")
    if markdown:
        markdown.write_text(as_markdown(decision), encoding="utf-8")


def _tell_github(decision: Decision, checks: dict[str, Check], *, on_stderr: bool) -> None:
    for line in as_annotations(decision, checks):
        click.echo(line, err=on_stderr)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(as_markdown(decision))
