"""Reports as text: of a period, of a run, of a load run; in HTML, Markdown, JSON or CSV."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import judge_settings, now_us
from outrider.app.reporting.report_incidents import StoredIncidents
from outrider.model import Outcome, Place, UsageError, using_locale
from outrider.reports import (
    as_csv,
    as_json,
    as_markdown,
    comparison_html,
    day_of,
    gather,
    last_good_run,
    load_report,
    month_of,
    quarter_of,
    read_settings,
    release_period,
    render_html,
    run_report,
    single_csv,
    single_html,
    single_json,
    single_markdown,
    week_of,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from outrider.app.access.listeners import ProgressListener
    from outrider.model import JudgeMemory, ReportRecords
    from outrider.reports import LoadReport, Period, Report, ReportSettings, RunComparison, RunReport
    from outrider.workspace import Workspace

Format = Literal["html", "md", "json", "csv"]
ReportName = Literal["weekly", "daily", "monthly", "quarterly", "release"]

_LOADS_READ = 20


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """Which period a report is about, by the kind of report.

    Attributes:
        name: weekly, daily, monthly, quarterly or release: the file in `reports/` that holds its settings.
        week: Of a weekly report: an ISO week, such as 2026-W47; the last seven days if absent.
        release: Of a release report: its name; the last one if absent.
        environment: Of a release report; the workspace's default if absent.
        month: Of a monthly report: such as 2026-10; the last that is over if absent.
        quarter: Of a quarterly report: such as 2026-Q3; the last that is over if absent.
    """

    name: ReportName
    week: str | None = None
    release: str | None = None
    environment: str | None = None
    month: str | None = None
    quarter: str | None = None

    def recent(self, at_us: int, timezone: str) -> Period:
        """Return the period of a report that is no release's.

        Raises:
            UsageError: bad-week, bad-month, bad-quarter.
        """
        match self.name:
            case "weekly":
                return week_of(self.week, at_us, timezone)
            case "monthly":
                return month_of(self.month, at_us, timezone)
            case "quarterly":
                return quarter_of(self.quarter, at_us, timezone)
            case _:
                return day_of(at_us, timezone)

    def span(self, workspace: Workspace, store: ReportRecords, at_us: int) -> Period:
        """Return the period.

        Raises:
            UsageError: unknown-release, bad-week, bad-month, bad-quarter.
        """
        if self.name != "release":
            return self.recent(at_us, workspace.timezone)
        environment = self.environment or workspace.defaults.environment
        return _release_span(store.judgements, self.release, environment, workspace.timezone, at_us)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """In which format a report is written; `table` says which table of it, where that is CSV."""

    format: Format = "html"
    table: str = ""

    def written_for(self, workspace: Workspace) -> AbstractContextManager[None]:
        """Have the workspace's forms of numbers and dates where people read them, and those of "en" in CSV and JSON."""
        return using_locale(workspace.locale if self.format in {"html", "md"} else "en")


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A report as text, and where it is written unless somebody names a file."""

    text: str
    default_path: Path

    def write(self, path: Path | None = None) -> Path:
        """Write the file whole or not at all, and return where.

        Raises:
            UsageError: unwritable-report.
        """
        target = path or self.default_path
        _replace(target, self.text)
        return target


def period_document(
    workspace: Workspace,
    store: ReportRecords,
    period: ReportPeriod,
    form: ReportForm = ReportForm(table="health"),
    *,
    listener: ProgressListener = SILENT,
) -> ReportDocument:
    """Return the report of a week, a day or a release.

    Raises:
        ConfigError: bad-report, bad-template.
        UsageError: unknown-release, or a week that is none.
    """
    at_us = now_us()
    settings = read_settings(workspace.root, period.name)
    with form.written_for(workspace):
        report = gather(
            store,
            settings,
            period.span(workspace, store, at_us),
            at_us,
            workspace=workspace.name,
            incidents=StoredIncidents(store, workspace),
            listener=listener.progress,
            judging=judge_settings(workspace),
        )
        return _document(_period_text(report, settings, workspace, form), period.name, workspace, form)


def run_document(
    workspace: Workspace,
    store: ReportRecords,
    run: str,
    form: ReportForm = ReportForm(table="steps"),
) -> ReportDocument:
    """Return the report of a run, by its id or a unique beginning or end of it.

    Raises:
        UsageError: unknown-run.
    """
    with form.written_for(workspace):
        report = run_report(
            store,
            store.runs.get(run),
            workspace=workspace.name,
            timezone=workspace.timezone,
            incidents=StoredIncidents(store),
        )
        return _document(_single_text(report, workspace, form), f"run-{report.run.id}", workspace, form)


def comparison_document(workspace: Workspace, comparison: RunComparison) -> ReportDocument:
    """Return the page of a run beside the last good one."""
    name = f"run-{comparison.run.id}-against-{comparison.good.id}"
    with using_locale(workspace.locale):
        return _document(comparison_html(comparison, workspace.root), name, workspace, ReportForm())


def load_document(
    workspace: Workspace,
    store: ReportRecords,
    run: str,
    form: ReportForm = ReportForm(table="endpoints"),
) -> ReportDocument:
    """Return the report of a load run, by its id or a unique beginning or end of it; `latest` is the newest load.

    Raises:
        UsageError: unknown-run, no-load.
    """
    stored = store.runs.get(_latest_load(store) if run == "latest" else run).run
    if all(attempt.measurement.load is None for attempt in stored.attempts):
        fix = f"outrider report run {stored.id} reports it; outrider runs 'load:*' lists loads"
        raise UsageError(f"run {stored.id} of {stored.check} ran no load", slug="no-load", fix=fix)
    with form.written_for(workspace):
        report = load_report(
            stored, workspace=workspace.name, timezone=workspace.timezone, good=last_good_run(store, stored)
        )
        return _document(_single_text(report, workspace, form), f"load-{report.run.id}", workspace, form)


def _latest_load(store: ReportRecords) -> str:
    """Return the id of the newest load that was not skipped."""
    loads = store.runs.search("load:*", limit=_LOADS_READ)
    made = (load.id for load in loads if load.outcome not in {Outcome.SKIPPED, Outcome.MISSED})
    if (newest := next(made, None)) is None:
        raise UsageError("no load has run yet", slug="no-load", fix="outrider load runs one")
    return newest


def _release_span(memory: JudgeMemory, name: str | None, environment: str, timezone: str, at_us: int) -> Period:
    releases = [release for release in memory.releases(environment) if release.at_us <= at_us]
    indexes = [index for index, release in enumerate(releases) if name in {None, release.name}]
    if not indexes or indexes[-1] == 0:
        subject = f"release {name}" if name else "a release"
        fix = "two marked releases are needed: outrider release NAME"
        raise UsageError(f"there is no {subject} with one before it in {environment}", slug="unknown-release", fix=fix)
    index = indexes[-1]
    until_us = releases[index + 1].at_us if index + 1 < len(releases) else at_us
    return release_period(releases[index].name, (releases[index - 1].at_us, releases[index].at_us, until_us), timezone)


def _period_text(report: Report, settings: ReportSettings, workspace: Workspace, form: ReportForm) -> str:
    match form.format:
        case "md":
            return as_markdown(report)
        case "json":
            return json.dumps(as_json(report), indent=1)
        case "csv":
            return as_csv(report, form.table)
        case _:
            return render_html(report, settings, workspace.root, interactive=workspace.capabilities.interactive)


def _single_text(report: RunReport | LoadReport, workspace: Workspace, form: ReportForm) -> str:
    match form.format:
        case "md":
            return single_markdown(report)
        case "json":
            return json.dumps(single_json(report), indent=1)
        case "csv":
            return single_csv(report, form.table)
        case _:
            return single_html(report, workspace.root, interactive=workspace.capabilities.interactive)


def _document(text: str, name: str, workspace: Workspace, form: ReportForm) -> ReportDocument:
    return ReportDocument(text, workspace.state / "reports" / f"{name}.{form.format}")


def _replace(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        fix, place = "name a file in a folder that this user may write to: --out FILE", Place(str(path))
        raise UsageError(
            f"cannot be written: {error.strerror}", slug="unwritable-report", fix=fix, where=place
        ) from None
