"""Reports for pages and the API: one is built at a time, and kept for a few minutes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, cast

from outrider.app.reporting.report_documents import ReportForm, ReportPeriod, period_document
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.app.reporting.report_documents import Format
    from outrider.app.reporting.report_documents import ReportName as Kind
    from outrider.dashboard import ReportName
    from outrider.model import ReportRecords
    from outrider.workspace import Workspace

_KEPT_S = 300.0
_KEPT = 16
_WAITING = 4


class WorkspaceReports:
    """Implements `outrider.dashboard.ReportShelf`.

    Args:
        workspace: Whose settings and templates hold.
        store: What reports are made from.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, workspace: Workspace, store: ReportRecords, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace = workspace
        self._store = store
        self._clock = clock
        self._building = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_WAITING)
        self._kept: OrderedDict[tuple[ReportName, str], tuple[float, str]] = OrderedDict()

    def mailing(self) -> Sequence[tuple[str, tuple[str, ...], str]]:
        """Return each kind that is mailed, its receivers, and its schedule."""
        from outrider.reports import CRONS, read_with_problems  # noqa: PLC0415 - NumPy is slow to import

        settings = {name: read_with_problems(self._workspace.root, name)[0] for name in CRONS}
        return [(name, own.mail, own.cron or CRONS[name]) for name, own in settings.items() if own.mail]

    def build(self, name: ReportName, form: str) -> str:
        """Return a report as "html", "md" or "json"."""
        if not self._waiting.acquire(blocking=False):
            fix = "try again in ten seconds"
            raise UsageError("other reports are being built", slug="report-busy", fix=fix)
        try:
            with self._building:
                return self._built(name, form)
        finally:
            self._waiting.release()

    def _built(self, name: ReportName, form: str) -> str:
        known = self._kept.get((name, form))
        if known is not None and self._clock() - known[0] < _KEPT_S:
            return known[1]
        period = ReportPeriod(cast("Kind", name.kind), **name.query)
        document = period_document(self._workspace, self._store, period, ReportForm(cast("Format", form)))
        self._kept[name, form] = (self._clock(), document.text)
        self._kept.move_to_end((name, form))
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return document.text
