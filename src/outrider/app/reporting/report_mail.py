"""Reports by mail: by their schedule while the service runs, and at once on request."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

import structlog

from outrider.alerts import Enclosure, Lane, report_message, report_rows
from outrider.app.access.workspace_access import judge_settings, now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.model import ConfigError, NotLeading, OutriderError, UsageError, new_run_id, using_locale
from outrider.workspace import Cron, in_reading_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.alerts import AlertSettings
    from outrider.app.reporting.report_documents import ReportName, ReportPeriod
    from outrider.model import Notification, Outbox, Place, ReportRecords, Run
    from outrider.reports import Period, ReportMail, ReportSettings
    from outrider.runs import Judgement
    from outrider.scheduler import Health
    from outrider.workspace import Workspace

_LOOK_EVERY_S = 20.0
_FIX = 'write five fields, such as "0 7 * * mon": minute, hour, day, month, weekday'
_log = structlog.get_logger("outrider.reports")


class Mailing:
    """A listener of the service that puts each report that is due into the outbox, once per schedule and store.

    Of several that were due while no service ran, the latest alone is sent, late. The first report of a new schedule is
    the one that is due next.

    Args:
        store: Where histories and the outbox are.
        leads: Whether this process is the leader.
        health: Takes the problem of reports that cannot be composed.
    """

    def __init__(self, store: ReportRecords, leads: Callable[[], bool], health: Health) -> None:
        self._store = store
        self._leads = leads
        self._health = health
        self._workspace: Workspace | None = None
        self._looked_s: float | None = None
        self._working = threading.Lock()

    def use(self, workspace: Workspace) -> None:
        """Follow a new state of the workspace."""
        self._workspace = workspace

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs: reports read the store."""

    def ticked(self, now_us: int) -> None:
        """Check whether a report is due, in a thread of its own: composing one takes seconds."""
        is_time = self._looked_s is None or time.monotonic() - self._looked_s >= _LOOK_EVERY_S
        if self._workspace is None or not is_time or not self._leads() or not self._working.acquire(blocking=False):
            return
        self._looked_s = time.monotonic()
        threading.Thread(target=self._look, args=[self._workspace, now_us], name="reports", daemon=True).start()

    def wait(self) -> None:
        """Wait until no report is being composed."""
        with self._working:
            pass

    def _look(self, workspace: Workspace, now_us: int) -> None:
        try:
            post_due(self._store, workspace, now_us)
        except NotLeading:
            _log.info("reports.not-leading")
        except OutriderError as error:
            self._health.wrong("reports", str(error))
        except Exception as error:  # one broken report must not end the service
            _log.exception("reports.broken", error=str(error))
            self._health.wrong("reports", f"{type(error).__name__}: {error}")
        else:
            self._health.well("reports")
        finally:
            self._working.release()


def post_due(store: ReportRecords, workspace: Workspace, now_us: int) -> list[str]:
    """Put the reports that are due into the outbox, and return their names.

    Raises:
        ConfigError: bad-report, bad-cron or bad-template.
    """
    from outrider.app.reporting.report_documents import ReportPeriod  # noqa: PLC0415 - NumPy is slow to import
    from outrider.reports import CRONS, editions, read_settings  # noqa: PLC0415 - NumPy is slow to import

    posted = []
    for name in CRONS:
        settings = read_settings(workspace.root, name)
        if not editions(settings):
            continue
        alerts = alert_settings(workspace)
        check_receivers(workspace, alerts, settings, name)
        due_us = _due(store.outbox, name, _cron(workspace, settings, name), now_us)
        if due_us is None:
            continue
        span = ReportPeriod(cast("ReportName", name)).recent(due_us, workspace.timezone)
        rows: list[Notification] = []
        for number, edition in enumerate(editions(settings)):
            mail = compose_report(store, workspace, edition, span, due_us, address=_address(alerts, name))
            rows += _rows(mail, edition, f"report-{name}-{due_us // 1_000_000}-{number}", now_us)
        store.outbox.add_report(name, due_us, rows)
        _log.info("report.posted", report=name, to=[row.receiver for row in rows])
        posted.append(name)
    return posted


def mail_report(workspace: Workspace, store: ReportRecords, period: ReportPeriod) -> list[Notification]:
    """Mail the report of a period now: try each receiver once, and return what became of the outbox rows.

    Raises:
        ConfigError: bad-report if a receiver is not known.
        UsageError: no-report-mail if the report has no receivers.
    """
    from outrider.reports import editions, read_settings  # noqa: PLC0415 - NumPy is slow to import

    settings = read_settings(workspace.root, period.name)
    if not editions(settings):
        fix = f'write mail = ["NAME OF A RECEIVER"] into reports/{period.name}.toml'
        raise UsageError(f"the {period.name} report has no receivers", slug="no-report-mail", fix=fix)
    alerts = alert_settings(workspace)
    check_receivers(workspace, alerts, settings, period.name)
    at_us = now_us()
    address = _address(alerts, period.name)
    span = period.span(workspace, store, at_us)
    rows: list[Notification] = []
    for edition in editions(settings):
        mail = compose_report(store, workspace, edition, span, at_us, address=address)
        rows += _rows(mail, edition, f"report-{period.name}-now-{new_run_id(at_us)}", at_us)
    for row in rows:
        store.outbox.add(row)
        Lane(alerts.receivers[row.receiver], store.outbox).deliver_one(row)
    return [sent for row in rows if (sent := store.outbox.get(row.id))]


def compose_report(
    store: ReportRecords,
    workspace: Workspace,
    settings: ReportSettings,
    span: Period,
    now_us: int,
    *,
    address: str = "",
) -> ReportMail:
    """Return the mail of a period's report, with a button to the page at an address."""
    from outrider.app.reporting.report_incidents import StoredIncidents  # noqa: PLC0415 - NumPy is slow to import
    from outrider.reports import compose_mail, gather  # noqa: PLC0415 - as above

    incidents = StoredIncidents(store, workspace)
    judging = judge_settings(workspace)
    with using_locale(workspace.locale):
        report = gather(store, settings, span, now_us, workspace=workspace.name, incidents=incidents, judging=judging)
        return compose_mail(
            store, report, settings, workspace.root, interactive=workspace.capabilities.interactive, address=address
        )


def _address(alerts: AlertSettings, name: str) -> str:
    return f"{alerts.links}reports/{name}" if alerts.links else ""


def report_problems(workspace: Workspace, alerts: AlertSettings | None, now_us: int) -> tuple[ConfigError, ...]:
    """Return what is wrong with the workspace's reports: their files, whom they go to, and when.

    Args:
        workspace: Whose.
        alerts: Its receivers; None if they cannot be read, which is a problem of its own.
        now_us: The time that a cron counts from.
    """
    if not any((workspace.root / "reports").glob("*.toml")):
        return ()
    from outrider.reports import CRONS, read_with_problems  # noqa: PLC0415 - NumPy is slow to import

    problems: list[ConfigError] = []
    for name in CRONS:
        settings, wrong = read_with_problems(workspace.root, name)
        own = [*wrong, *_wrong_receivers(workspace, alerts, settings, name)]
        try:
            _check_cron(workspace, settings, name, now_us)
        except ConfigError as problem:
            own.append(problem)
        problems += in_reading_order(own)
    return tuple(problems)


def _check_cron(workspace: Workspace, settings: ReportSettings, name: str, now_us: int) -> None:
    if _cron(workspace, settings, name).after(now_us) is None:
        what, fix = f'cron = "{settings.cron}" never comes true', "correct the day or the month"
        raise ConfigError(what, slug="cron-never", fix=fix, where=_place(workspace, name, "cron"))


def _place(workspace: Workspace, name: str, key: str) -> Place:
    from outrider.reports import place_of  # noqa: PLC0415 - NumPy is slow to import

    return place_of(workspace.root, name, key)


def check_receivers(workspace: Workspace, alerts: AlertSettings, settings: ReportSettings, name: str) -> None:
    """Check that everybody who gets a report is a receiver.

    Raises:
        ConfigError: bad-report.
    """
    for problem in _wrong_receivers(workspace, alerts, settings, name):
        raise problem


def _wrong_receivers(
    workspace: Workspace, alerts: AlertSettings | None, settings: ReportSettings, name: str
) -> Iterator[ConfigError]:
    for receiver in (*settings.mail, *(receiver for group in settings.groups for receiver in group.mail)):
        if alerts is not None and receiver not in alerts.receivers:
            known = ", ".join(alerts.receivers)
            fix = f"name one of the receivers in scheduler/alerts.toml: {known}"
            fix = fix if known else "define a receiver in scheduler/alerts.toml: there is none yet"
            where = _place(workspace, name, "mail" if receiver in settings.mail else "groups")
            yield ConfigError(f'mail names "{receiver}", which is no receiver', slug="bad-report", fix=fix, where=where)


def _due(outbox: Outbox, name: str, cron: Cron, now_us: int) -> int | None:
    """Return the latest time at which a report was due and not posted; None if there is none."""
    posted_us = outbox.reported_us(name)
    if posted_us is None:
        outbox.add_report(name, now_us, ())
        return None
    due_us, following = None, cron.after(posted_us)
    while following is not None and following <= now_us:
        due_us, following = following, cron.after(following)
    return due_us


def _cron(workspace: Workspace, settings: ReportSettings, name: str) -> Cron:
    from outrider.reports import CRONS  # noqa: PLC0415 - NumPy is slow to import

    fields = settings.cron or CRONS[name]
    try:
        return Cron(fields, workspace.timezone)
    except ValueError as error:
        where = _place(workspace, name, "cron")
        raise ConfigError(
            f'cron = "{fields}" cannot be read: {error}', slug="bad-cron", fix=_FIX, where=where
        ) from None


def _rows(mail: ReportMail, settings: ReportSettings, topic: str, now_us: int) -> list[Notification]:
    enclosures = [
        Enclosure.of(f"{picture.cid}.png", "image/png", picture.png, cid=picture.cid) for picture in mail.pictures
    ]
    enclosures.append(Enclosure.of("report.html", "text/html", mail.attached.encode()))
    message = report_message(topic, mail.subject, mail.text, page=mail.page, enclosures=enclosures, at_us=now_us)
    return report_rows(message, settings.mail, now_us)
