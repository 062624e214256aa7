"""Vitals that come one by one -> beacons of page views, each of which tells the whole view again."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from outrider.real_users.beacon import BEACON_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.real_users.vital_report import MeasuredVital, VitalReport

_MOST: Final = 20_000
_VISIT_S: Final = 1_800.0


@dataclass(slots=True)
class _OpenView:
    """A view, as far as it has been told of."""

    session: str
    begun_s: float
    view: str = field(default_factory=lambda: secrets.token_hex(8))
    sequence: int = 0
    errors: int = 0
    vitals: dict[str, MeasuredVital] = field(default_factory=dict)

    def is_another(self, report: VitalReport) -> bool:
        """Return whether a vital is told again under another id: the page was loaded again."""
        return any(own.name in self.vitals and self.vitals[own.name].id != own.id for own in report.vitals)


class OpenViews:
    """The views that may still grow, of the last half hour and at most 20,000; safe between threads.

    Of clients that name no session, what one address and browser tell within half an hour is one.

    Args:
        now_s: Seconds that never go back.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._visits: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._loads: OrderedDict[str, VitalReport] = OrderedDict()
        self._views: OrderedDict[tuple[str, str], _OpenView] = OrderedDict()

    def beacon(self, report: VitalReport, client: str) -> bytes:
        """Return the beacon of the view that a report belongs to, with all that was told of it.

        Args:
            report: Of one page.
            client: Tells apart who sends.
        """
        with self._lock:
            now_s = self._now_s()
            session = report.session or self._visit(client, now_s)
            view = self._view((session, report.url), report, now_s)
            view.sequence += 1
            view.errors += report.errors
            view.vitals |= {own.name: own for own in report.vitals}
            return json.dumps(_document(view, report, now_s)).encode()

    def placed(self, report: VitalReport) -> VitalReport | None:
        """Return what is known of a report's page load; None while its address or all of its vitals are missing."""
        with self._lock:
            earlier = self._loads.pop(report.page_load, report)
            vitals = {own.name: own for own in (*earlier.vitals, *report.vitals)}
            known = replace(report, url=report.url or earlier.url, vitals=tuple(vitals.values()))
            self._loads[report.page_load] = known
            if len(self._loads) > _MOST:
                self._loads.popitem(last=False)
            return known if known.url and known.vitals else None

    def _visit(self, client: str, now_s: float) -> str:
        session, last_s = self._visits.pop(client, ("", -_VISIT_S))
        if now_s - last_s >= _VISIT_S or not session:
            session = secrets.token_hex(16)
        self._visits[client] = (session, now_s)
        if len(self._visits) > _MOST:
            self._visits.popitem(last=False)
        return session

    def _view(self, key: tuple[str, str], report: VitalReport, now_s: float) -> _OpenView:
        view = self._views.pop(key, None)
        if view is None or view.is_another(report) or now_s - view.begun_s >= _VISIT_S:
            view = _OpenView(key[0], now_s)
        self._views[key] = view
        if len(self._views) > _MOST:
            self._views.popitem(last=False)
        return view


def _document(view: _OpenView, report: VitalReport, now_s: float) -> dict[str, Any]:
    causes: dict[str, str] = {}
    for own in view.vitals.values():
        causes |= own.causes
    return {
        "v": BEACON_VERSION, "session": view.session, "view": view.view, "n": view.sequence, "url": report.url,
        "ms": round((now_s - view.begun_s) * 1000), "release": report.release, "nav": report.navigation,
        "vitals": {name: own.value for name, own in view.vitals.items()}, "causes": causes,
        "counts": {"errors": view.errors, "uncaught": view.errors},
    }  # fmt: skip
