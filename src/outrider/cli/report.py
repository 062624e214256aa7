"""`outrider report`: what managers read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import (
    ReportForm,
    ReportPeriod,
    find_workspace,
    load_document,
    mail_report,
    open_store,
    period_document,
    run_document,
)
from outrider.cli.completed_names import complete_loads, complete_runs
from outrider.cli.echo import echo
from outrider.cli.progress import Progress
from outrider.model import Status

if TYPE_CHECKING:
    from outrider.app import ReportDocument, ReportFormat

FORMATS = ("html", "md", "json", "csv")
_TABLES = (
    "health",
    "sla",
    "outages",
    "incidents",
    "changes",
    "load",
    "capacity",
    "forecasts",
    "steps",
    "flaky",
    "noise",
)
_RUN_TABLES = ("steps", "attempts", "errors", "artifacts", "joined")
_LOAD_TABLES = ("endpoints", "failures", "levels", "seconds")


@click.group(epilog="Example: outrider report weekly --out weekly.html")
def report() -> None:
    """Report a week, a day, a month, a quarter, a release, a run or a load run."""


_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; stdout if it is -.")
_FORMAT = click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True)
_TABLE = click.option(
    "--table", type=click.Choice(_TABLES), metavar="TABLE", default="health", show_default=True,
    help=f"With csv: {', '.join(_TABLES)}.",
)  # fmt: skip
_MAIL = click.option("--mail", is_flag=True, help="Mail it to the receivers in its settings, and write no file.")


@report.command(epilog="Example: outrider report weekly --week 2026-W47 --out week-47.html")
@click.option("--week", metavar="WEEK", help="An ISO week, such as 2026-W47; the last seven days if absent.")
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def weekly(*, week: str | None, out: Path | None, form: ReportFormat, table: str, mail: bool) -> int:
    """Write the weekly report: one HTML file that needs no network."""
    period = ReportPeriod("weekly", week=week)
    return _mail(period) if mail else _write_period(period, ReportForm(form, table), out)


@report.command(epilog="Example: outrider report daily --format md --out -")
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def daily(*, out: Path | None, form: ReportFormat, table: str, mail: bool) -> int:
    """Write the report of the last day, compared with the day before."""
    period = ReportPeriod("daily")
    return _mail(period) if mail else _write_period(period, ReportForm(form, table), out)


@report.command(epilog="Example: outrider report monthly --month 2026-10 --format csv --table sla --out sla.csv")
@click.option("--month", metavar="MONTH", help="Such as 2026-10; the last one that is over if absent.")
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def monthly(*, month: str | None, out: Path | None, form: ReportFormat, table: str, mail: bool) -> int:
    """Write the report of a month, compared with the month before."""
    period = ReportPeriod("monthly", month=month)
    return _mail(period) if mail else _write_period(period, ReportForm(form, table), out)


@report.command(epilog="Example: outrider report quarterly --quarter 2026-Q3 --out quarter.html")
@click.option("--quarter", metavar="QUARTER", help="Such as 2026-Q3; the last one that is over if absent.")
@_OUT
@_FORMAT
@_TABLE
@_MAIL
def quarterly(*, quarter: str | None, out: Path | None, form: ReportFormat, table: str, mail: bool) -> int:
    """Write the report of a quarter, compared with the quarter before."""
    period = ReportPeriod("quarterly", quarter=quarter)
    return _mail(period) if mail else _write_period(period, ReportForm(form, table), out)


@report.command(epilog="Example: outrider report release 2.14.0 --out release.html")
@click.argument("name", required=False)
@click.option("--environment", help="Where; the workspace's default if absent.")
@_OUT
@_FORMAT
@_TABLE
def release(*, name: str | None, environment: str | None, out: Path | None, form: ReportFormat, table: str) -> int:
    """Write the report of release NAME (the last one if absent), compared with the one before it."""
    period = ReportPeriod("release", release=name, environment=environment)
    return _write_period(period, ReportForm(form, table), out)


@report.command(name="run", epilog="Example: outrider report run latest --out run.html")
@click.argument("run_id", metavar="RUN", shell_complete=complete_runs)
@_OUT
@_FORMAT
@click.option("--table", type=click.Choice(_RUN_TABLES), default="steps", show_default=True, help="With csv.")
def run_(*, run_id: str, out: Path | None, form: ReportFormat, table: str) -> int:
    """Write the report of one RUN, its id or `latest`: outcome, steps and their usual bands, errors and artifacts."""
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.progress("writing the report")
        document = run_document(workspace, store, run_id, ReportForm(form, table))
    return _put(document, out)


@report.command(name="load", epilog="Example: outrider report load latest --format md --out -")
@click.argument("run_id", metavar="RUN", shell_complete=complete_loads)
@_OUT
@_FORMAT
@click.option("--table", type=click.Choice(_LOAD_TABLES), default="endpoints", show_default=True, help="With csv.")
def load_(*, run_id: str, out: Path | None, form: ReportFormat, table: str) -> int:
    """Write the report of one load RUN, its id or `latest`: rate, times, endpoints, failures and the knee."""
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.progress("writing the report")
        document = load_document(workspace, store, run_id, ReportForm(form, table))
    return _put(document, out)


def _write_period(period: ReportPeriod, form: ReportForm, out: Path | None) -> int:
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        document = period_document(workspace, store, period, form, listener=progress)
    return _put(document, out)


def _put(document: ReportDocument, out: Path | None) -> int:
    if out is not None and str(out) == "-":
        click.echo(document.text)
    else:
        click.echo(f"wrote {document.write(out)}")
    return 0


def _mail(period: ReportPeriod) -> int:
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.progress("writing and mailing the report")
        rows = mail_report(workspace, store, period)
    for row in rows:
        later = "; outrider up tries again" if row.status is Status.QUEUED else ""
        result = "delivered" if row.status is Status.DELIVERED else f"NOT delivered: {row.note}{later}"
        echo(f"{row.receiver}: {result}")
    return 0 if all(row.status is Status.DELIVERED for row in rows) else 1
