"""Alerts of a service that watches: incidents from its runs, delivery, and a daily look at histories."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from outrider.alerts import AlertProcessor, Deliverer, survey
from outrider.app.alert_configuration import alert_settings
from outrider.app.alert_pictures import picture_from
from outrider.app.workspace_access import judge_settings
from outrider.model import OutriderError
from outrider.runs import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.alerts import AlertSettings
    from outrider.model import Check, Run
    from outrider.runs import Judgement
    from outrider.store import Store
    from outrider.workspace import Workspace

_AWAY_S = 30.0
_SURVEY_EVERY_S = 86_400.0
_log = structlog.get_logger("outrider.alerts")


class AlertService:
    """A listener of the service that keeps incidents and delivers what they give rise to.

    Who did not hear a tick for long was not the one who watches: what is remembered then comes from the store, and the
    runs that were stored meanwhile are heard.

    Args:
        store: Where incidents and the outbox are kept.
        leads: Whether this process is the one who watches; a standby delivers nothing.
    """

    def __init__(self, store: Store, leads: Callable[[], bool]) -> None:
        self._store = store
        self._leads = leads
        self._lock = threading.RLock()
        self._workspace: Workspace | None = None
        self._checks: Sequence[Check] = ()
        self._settings: AlertSettings | None = None
        self._alerting: AlertProcessor | None = None
        self._deliverer: Deliverer | None = None
        self._ticked_s: float | None = None
        self._surveyed_s: float | None = None

    def use(self, workspace: Workspace, checks: Sequence[Check]) -> None:
        """Follow a new state of the workspace.

        Raises:
            ConfigErrors: If its alerts are wrong; the state before stays.
        """
        settings = alert_settings(workspace)
        with self._lock:
            self._workspace, self._checks = workspace, checks
            if not workspace.capabilities.alerts:
                self._rest()
            elif settings != self._settings:
                self._rest()
                self._deliverer = Deliverer(
                    settings, self._store, picture=picture_from(self._store), while_true=self._leads
                )
                self._deliverer.__enter__()
            elif self._alerting is not None:
                self._alerting.know(checks)
            self._settings = settings

    def heard(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Hear of a run that is stored and judged."""
        with self._lock:
            if (alerting := self._ready(run.finished_us)) is not None:
                alerting.heard(run, judgements)

    def ticked(self, now_us: int) -> None:
        """Hear that about a second has passed."""
        with self._lock:
            alerting = self._ready(now_us)
            if alerting is None or self._deliverer is None:
                return
            alerting.ticked(now_us, self._deliverer.health())
            self._ticked_s = time.monotonic()
            if self._surveyed_s is None or time.monotonic() - self._surveyed_s > _SURVEY_EVERY_S:
                self._surveyed_s = time.monotonic()
                threading.Thread(target=self._survey, args=[alerting, now_us], name="survey", daemon=True).start()

    def close(self) -> None:
        """Stop delivering; what is left stays in the outbox."""
        with self._lock:
            self._rest()

    def _ready(self, now_us: int) -> AlertProcessor | None:
        """Return what keeps incidents, as the store knows them if another one watched meanwhile."""
        if self._deliverer is None or self._settings is None or self._workspace is None:
            return None
        is_away = self._ticked_s is not None and time.monotonic() - self._ticked_s > _AWAY_S
        if self._alerting is None or is_away:
            self._alerting = AlertProcessor(
                self._store, self._settings, now_us, checks=self._checks, workspace=self._workspace.name
            )
            self._ticked_s = time.monotonic()
            heard = self._alerting.catch_up(Judge(self._store, judge_settings(self._workspace)), now_us)
            _log.info("alerts.began", heard_again=heard)
        return self._alerting

    def _rest(self) -> None:
        if self._deliverer is not None:
            self._deliverer.__exit__(None, None, None)
        self._deliverer, self._alerting, self._settings = None, None, None

    def _survey(self, alerting: AlertProcessor, now_us: int) -> None:
        assert self._settings is not None
        try:
            alerting.noticed(survey(self._store, [check.id for check in self._checks], self._settings, now_us), now_us)
        except OutriderError as error:
            _log.warning("alerts.survey", why=error.what)
