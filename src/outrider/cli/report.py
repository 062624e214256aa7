"""`outrider report`: what managers read."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app.runtime import open_store, workspace_here
from outrider.model import Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.reports import LoadReport, Period, Report, ReportSettings, RunReport
    from outrider.store import Store
    from outrider.workspace import Workspace

FORMATS = ("html", "md", "json", "csv")
_TABLES = ("health", "changes", "incidents", "load", "forecasts", "steps", "flaky", "noise")
_RUN_TABLES = ("steps", "attempts", "errors", "artifacts", "joined")
_LOAD_TABLES = ("endpoints", "failures", "levels", "seconds")


@click.group(epilog="Example: outrider report weekly --out weekly.html")
def report() -> None:
    """Write what happened in a week, a day or a release, for people who decide."""


_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; stdout if it is -.")
_FORMAT = click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True)
_TABLE = click.option("--table", type=click.Choice(_TABLES), default="health", show_default=True, help="With csv.")


_MAIL = click.option("--mail", is_flag=True, help="Send it to the receivers that its file names, and write no file.")


@report.command()
@click.option("--week", metavar="WEEK", help="An ISO week, such as 2026-W47; the last seven days if absent.")
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def weekly(*, week: str | None, out: Path | None, form: str, table: str, mail: bool) -> int:
    """Write the weekly report: one HTML file that needs no network."""
    from outrider.reports import week_of  # noqa: PLC0415 - NumPy is slow to import

    if mail:
        return _send("weekly", lambda zone, now_us: week_of(week, now_us, zone))
    _write("weekly", lambda _, zone, now_us: week_of(week, now_us, zone), out, (form, table))
    return 0


@report.command()
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def daily(*, out: Path | None, form: str, table: str, mail: bool) -> int:
    """Write what happened in the last day, against the day before."""
    from outrider.reports import day_of  # noqa: PLC0415 - NumPy is slow to import

    if mail:
        return _send("daily", lambda zone, now_us: day_of(now_us, zone))
    _write("daily", lambda _, zone, now_us: day_of(now_us, zone), out, (form, table))
    return 0


@report.command()
@click.argument("name", required=False)
@click.option("--environment", help="Where; the workspace's default if absent.")
@_OUT
@_FORMAT
@_TABLE
def release(*, name: str | None, environment: str | None, out: Path | None, form: str, table: str) -> None:
    """Write how a release (the last one without NAME) did against the one before it."""
    place = environment or workspace_here().defaults.environment
    _write("release", lambda store, zone, now_us: _released(store, name, place, zone, now_us), out, (form, table))


@report.command(name="run", epilog="Example: outrider report run 4f1c2a9b --out run.html")
@click.argument("run_id", metavar="RUN")
@_OUT
@_FORMAT
@click.option("--table", type=click.Choice(_RUN_TABLES), default="steps", show_default=True, help="With csv.")
def run_(*, run_id: str, out: Path | None, form: str, table: str) -> None:
    """Write one RUN: how it ended, its steps against what is usual, its errors, and what it left."""
    from outrider.app.report_incidents import StoredIncidents  # noqa: PLC0415 - NumPy is slow to import
    from outrider.reports import run_report  # noqa: PLC0415 - as above

    workspace = workspace_here()
    with open_store(workspace) as store:
        found = run_report(
            store,
            store.runs.get(run_id),
            workspace=workspace.name,
            timezone=workspace.timezone,
            incidents=StoredIncidents(store),
        )
    _put(_single(found, workspace, (form, table)), f"run-{found.run.id}", out, form, workspace)


@report.command(name="load", epilog="Example: outrider report load 4f1c2a9b --format md --out -")
@click.argument("run_id", metavar="RUN")
@_OUT
@_FORMAT
@click.option("--table", type=click.Choice(_LOAD_TABLES), default="endpoints", show_default=True, help="With csv.")
def load_(*, run_id: str, out: Path | None, form: str, table: str) -> None:
    """Write one load RUN: its rate and times, its endpoints and failures, and the knee."""
    from outrider.reports import load_report  # noqa: PLC0415 - NumPy is slow to import

    workspace = workspace_here()
    with open_store(workspace) as store:
        run = store.runs.get(run_id).run
    if all(one.measurement.load is None for one in run.attempts):
        fix = f"outrider report run {run.id} tells of it; outrider runs 'load:*' lists loads"
        raise UsageError(f"run {run.id} of {run.check} holds no load", slug="no-load", fix=fix)
    found = load_report(run, workspace=workspace.name, timezone=workspace.timezone)
    _put(_single(found, workspace, (form, table)), f"load-{found.run.id}", out, form, workspace)


def _single(found: RunReport | LoadReport, workspace: Workspace, form: tuple[str, str]) -> str:
    from outrider.reports import single_csv, single_html, single_json, single_markdown  # noqa: PLC0415 - as above

    match form[0]:
        case "md":
            return single_markdown(found)
        case "json":
            return json.dumps(single_json(found), indent=1)
        case "csv":
            return single_csv(found, form[1])
        case _:
            return single_html(found, workspace.root, interactive=workspace.capabilities.interactive)


def _put(text: str, name: str, out: Path | None, form: str, workspace: Workspace) -> None:
    if out is not None and str(out) == "-":
        click.echo(text)
        return
    path = out or workspace.state / "reports" / f"{name}.{form}"
    _replace(path, text)
    click.echo(f"wrote {path}")


def _released(store: Store, name: str | None, environment: str, zone: str, now_us: int) -> Period:
    from outrider.reports import release_period  # noqa: PLC0415 - NumPy is slow to import

    known = [one for one in store.judgements.releases(environment) if one.at_us <= now_us]
    places = [place for place, one in enumerate(known) if name in {None, one.name}]
    if not places or places[-1] == 0:
        told = f"release {name}" if name else "a release"
        fix = "two marked releases are needed: outrider release NAME"
        raise UsageError(f"there is no {told} with one before it in {environment}", slug="unknown-release", fix=fix)
    this = places[-1]
    until_us = known[this + 1].at_us if this + 1 < len(known) else now_us
    return release_period(known[this].name, (known[this - 1].at_us, known[this].at_us, until_us), zone)


def _write(name: str, period: Callable[[Store, str, int], Period], out: Path | None, form: tuple[str, str]) -> None:
    from rich.console import Console  # noqa: PLC0415 - as below

    from outrider.app.report_incidents import StoredIncidents  # noqa: PLC0415 - NumPy is slow to import
    from outrider.cli.run import Progress  # noqa: PLC0415 - as above
    from outrider.reports import gather, read_settings  # noqa: PLC0415 - as above

    workspace, now_us = workspace_here(), time.time_ns() // 1000
    settings = read_settings(workspace.root, name)
    with open_store(workspace) as store:
        span = period(store, workspace.timezone, now_us)
        incidents = StoredIncidents(store)
        progress = Progress(Console(stderr=True))
        try:
            found = gather(
                store, settings, span, now_us, workspace=workspace.name, incidents=incidents, listener=progress.say
            )
        finally:
            progress.stop()
    _put(_told(found, settings, workspace, form), name, out, form[0], workspace)


def _send(name: str, period: Callable[[str, int], Period]) -> int:
    from outrider.app.report_mail import made, send_now  # noqa: PLC0415 - NumPy is slow to import
    from outrider.model import Status  # noqa: PLC0415 - as above
    from outrider.reports import read_settings  # noqa: PLC0415 - as above

    workspace, now_us = workspace_here(), time.time_ns() // 1000
    settings = read_settings(workspace.root, name)
    with open_store(workspace) as store:
        mail = made(store, workspace, settings, period(workspace.timezone, now_us), now_us)
        rows = send_now(store, workspace, name, settings, mail)
    for one in rows:
        later = "; outrider up tries again" if one.status is Status.QUEUED else ""
        click.echo(
            f"{one.receiver}: {'delivered' if one.status is Status.DELIVERED else f'NOT delivered: {one.note}{later}'}"
        )
    return 0 if all(one.status is Status.DELIVERED for one in rows) else 1


def _told(found: Report, settings: ReportSettings, workspace: Workspace, form: tuple[str, str]) -> str:
    from outrider.reports import as_csv, as_json, as_markdown, render_html  # noqa: PLC0415 - as above

    match form[0]:
        case "md":
            return as_markdown(found)
        case "json":
            return json.dumps(as_json(found), indent=1)
        case "csv":
            return as_csv(found, form[1])
        case _:
            return render_html(found, settings, workspace.root, interactive=workspace.capabilities.interactive)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: unwritable-report.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    except OSError as error:
        fix, place = "name a file in a folder that this user may write to: --out FILE", Place(str(path))
        raise UsageError(
            f"cannot be written: {error.strerror}", slug="unwritable-report", fix=fix, where=place
        ) from None
