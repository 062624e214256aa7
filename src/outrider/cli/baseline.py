"""`outrider baseline`: what is accepted as normal, kept in git."""

from __future__ import annotations

import json
import statistics
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from outrider.app import display_name
from outrider.app.gate_sources import MIN_SESSIONS, stored_runs
from outrider.app.runtime import open_runtime, open_store
from outrider.cli.run_tables import console
from outrider.gate import Accepted, file_of, fingerprint_here, read_accepted, sessions_of, write_accepted
from outrider.model import UsageError
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from outrider.gate import Session
    from outrider.model import Check, Run

FOLDER = "baselines"


@click.group(epilog="Example: outrider run --repeat 100 && outrider baseline accept && git add baselines")
def baseline() -> None:
    """Accept what is normal, and see what was accepted."""


@baseline.command()
@click.argument("patterns", nargs=-1)
@click.option("--last", default=100, show_default=True, type=click.IntRange(1), help="From so many stored runs.")
@click.option("--runs", "size", default=5, show_default=True, type=click.IntRange(1), help="Runs in a session.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def accept(patterns: tuple[str, ...], *, last: int, size: int, as_json: bool) -> None:
    """Write the latest stored runs of checks to baselines/, a file a check, for `outrider gate`."""
    workspace = find_workspace()
    written: list[dict[str, object]] = []
    with open_store(workspace) as store, open_runtime(workspace) as ready:
        for check in select(ready.discover().checks, patterns):
            runs = stored_runs(store, check, last)
            sessions = sessions_of(runs, size)
            if len(sessions) < MIN_SESSIONS or not any(one.durations for one in sessions):
                need = MIN_SESSIONS * size
                click.echo(f"{check.id}: {len(runs)} stored runs, at least {need} that pass are needed: "
                           f"outrider run '{check.name}' --repeat {need}", err=True)  # fmt: skip
                continue
            path = file_of(workspace.root / FOLDER, check.id)
            write_accepted(path, _accepted(check, runs, sessions))
            written.append(_told(check, path.relative_to(workspace.root), sessions))
    if not written:
        raise UsageError("nothing was accepted", slug="no-baseline", fix="run the checks often enough first")
    if as_json:
        click.echo(json.dumps(written))
        return
    for one in written:
        failed = f", {one['failed']} of {one['runs']} runs failed: is that normal?" if one["failed"] else ""
        click.echo(f"accepted  {one['file']}  {one['sessions']} sessions of {size} runs{failed}")


def _told(check: Check, path: Path, sessions: Sequence[Session]) -> dict[str, object]:
    return {
        "check": check.id,
        "file": path.as_posix(),
        "sessions": len(sessions),
        "runs": sum(one.runs for one in sessions),
        "failed": sum(one.failed for one in sessions),
    }


@baseline.command()
@click.argument("patterns", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def show(patterns: tuple[str, ...], *, as_json: bool) -> None:
    """Show what was accepted: when, with what, and each step's median."""
    accepted = [one for _, one in _all(find_workspace().root / FOLDER, patterns)]
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in accepted]))
        return
    for one in accepted:
        mark = one.fingerprint
        click.echo(f"{display_name(one.check)}  {one.accepted}  {one.release}  {mark.cores} cores, {mark.browser}")
        for step, median_ms in medians(one.sessions).items():
            click.echo(f"  {median_ms:8.1f} ms  {step}")
    if not accepted:
        click.echo("no accepted baselines: outrider baseline accept writes some", err=True)


@baseline.command()
@click.argument("patterns", nargs=-1)
@click.option("--last", default=50, show_default=True, type=click.IntRange(1), help="Against so many stored runs.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def diff(patterns: tuple[str, ...], *, last: int, as_json: bool) -> None:
    """Show what accepting now would change: each step's accepted median beside that of the latest runs."""
    workspace = find_workspace()
    rows: list[dict[str, object]] = []
    with open_store(workspace) as store, open_runtime(workspace) as ready:
        checks = {str(check.id): check for check in ready.discover().checks}
        for path, one in _all(workspace.root / FOLDER, patterns):
            name = workspace.current(one.check)
            if name not in checks:
                click.echo(f"{name} exists no more: remove {path.relative_to(workspace.root)}", err=True)
                continue
            now = medians(sessions_of(stored_runs(store, checks[name], last), 1))
            before = medians(one.sessions)
            rows += [
                {"check": name, "step": step, "accepted_ms": before.get(step), "now_ms": now.get(step)}
                for step in dict.fromkeys([*before, *now])
            ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("check", "step", "accepted", "now", "change"):
        table.add_column(title, justify="left" if title in {"check", "step"} else "right")
    for row in rows:
        table.add_row(Text(display_name(str(row["check"]))), Text(str(row["step"])), *_changes(row))
    console().print(table if rows else "nothing to compare")


def medians(sessions: Iterable[Session]) -> dict[str, float]:
    """Return each step's median duration [ms] over all sessions."""
    values: dict[str, list[float]] = {}
    for session in sessions:
        for step, durations in session.durations.items():
            values.setdefault(step, []).extend(durations)
    return {step: round(statistics.median(found), 1) for step, found in values.items()}


def _changes(row: dict[str, object]) -> tuple[str, str, str]:
    before, now = row["accepted_ms"], row["now_ms"]
    told = tuple(f"{each:.1f} ms" if isinstance(each, float) else "-" for each in (before, now))
    change = f"{now / before - 1:+.1%}" if isinstance(before, float) and isinstance(now, float) else "-"
    return told[0], told[1], change


def _accepted(check: Check, runs: Sequence[Run], sessions: Sequence[Session]) -> Accepted:
    last = runs[-1]
    return Accepted(
        check=check.id,
        environment=check.policy.environment,
        accepted=datetime.now(UTC).isoformat(timespec="seconds"),
        release=last.circumstances.release,
        fingerprint=fingerprint_here(last.circumstances.browser, last.location),
        sessions=tuple(sessions),
    )


def _all(folder: Path, patterns: Sequence[str]) -> list[tuple[Path, Accepted]]:
    """Return the accepted baselines, with their files, whose check holds any of the patterns."""
    found = [(path, read_accepted(path)) for path in sorted(folder.glob("*.json"))]
    return [
        (path, one)
        for path, one in found
        if not patterns or any(fnmatchcase(one.check, f"*{pattern}*") for pattern in patterns)
    ]


def _as_json(accepted: Accepted) -> dict[str, object]:
    return {
        "check": accepted.check,
        "environment": accepted.environment,
        "accepted": accepted.accepted,
        "release": accepted.release,
        "sessions": len(accepted.sessions),
        "median_ms": medians(accepted.sessions),
    }
