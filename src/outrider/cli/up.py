"""`outrider up`."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import click
import structlog

from outrider.app.alert_service import AlertService
from outrider.app.report_mail import Mailing
from outrider.app.runtime import judge_settings, open_store, retention, workspace_here
from outrider.app.service_runtime import ServiceRuntimeFactory
from outrider.model import OutriderError
from outrider.runs import LiveJudge
from outrider.scheduler import DeadMansSwitch, Health, ResultPipeline, Service, SystemClock, holder_here, view_of
from outrider.server import Background, PortTaken, application, listen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.service_runtime import ServiceRuntime
    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.server import Application
    from outrider.store import Store
    from outrider.workspace import Workspace

_PRUNE_EVERY_S = 3600.0
_BIND_AGAIN_S = 5.0


@click.command(epilog="Example: outrider up --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of the pages.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--no-pages", is_flag=True, help="Answer nothing over HTTP.")
def up(host: str, port: int, *, no_pages: bool) -> int:
    """Watch: run the checks by their schedule until SIGTERM or Ctrl-C, which let runs under way finish.

    A second one on the same store waits, and takes over when the first ends. Pages: / /healthz /readyz /metrics.
    """
    _log_as_lines()
    workspace = workspace_here()
    with open_store(workspace) as store:
        watch = _Watch(workspace, store)
        if not no_pages:
            watch.answer(host, port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watch.service.stop())
        watch.serve()
    return 0


class _Watch:
    """The service and all that goes with it."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._store = store
        self._pages: Background | None = None
        self._works: ServiceRuntime | None = None
        health = Health()
        self.alarms = AlertService(store, lambda: self.service.leading.leads)
        self.mailing = Mailing(store, lambda: self.service.leading.leads, health)
        self._verdicts = ResultPipeline(None, [_Housekeeper(self), self.alarms, self.mailing], health)
        maker = ServiceRuntimeFactory(workspace.root, store, lambda: self.service.recorder, self._loaded)
        self.workspace = workspace
        self._ended = threading.Event()
        self.service = Service(store, maker, self._verdicts, health=health, clock=SystemClock(), holder=holder_here())

    def serve(self) -> None:
        """Serve until the service is stopped."""
        calls = DeadMansSwitch(
            lambda: (self.workspace.service.alive_url, self.workspace.service.alive_every_s),
            lambda: view_of(self.service).is_ready,
        )
        try:
            self.service.run(self.workspace.service.drain_s)
        finally:
            self._ended.set()
            self.alarms.close()
            calls.close()
            if self._pages is not None:
                self._pages.close()

    def answer(self, host: str, port: int) -> None:
        """Answer over HTTP, now or as soon as the address is free."""
        if not self._bind(host, port):
            threading.Thread(target=self._bind_later, args=[host, port], daemon=True).start()

    def prune(self) -> None:
        """Let go of what is past its age."""
        try:
            self._store.prune(time.time_ns() // 1000, retention(self.workspace))
        except OutriderError as error:
            self.service.health.wrong("retention", str(error))
        else:
            self.service.health.well("retention")

    def _bind_later(self, host: str, port: int) -> None:
        while not self._ended.wait(_BIND_AGAIN_S) and not self._bind(host, port):
            pass

    def _bind(self, host: str, port: int) -> bool:
        try:
            listener = listen(host, port)
        except PortTaken as error:
            self.service.health.wrong("pages", f"{error}; runs are made all the same, and it is tried again")
            return False
        self.service.health.well("pages")
        at = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self._pages = Background(self._application(), listener)
        structlog.get_logger("outrider.server").info("pages.answer", at=f"http://{shown}:{at}/", port=at)
        return True

    def _loaded(self, works: ServiceRuntime) -> None:
        self.alarms.use(works.workspace, works.checks)
        self.mailing.use(works.workspace)
        self._works, self.workspace = works, works.workspace
        judging = works.workspace.capabilities.judging
        self._verdicts.judge = LiveJudge(self._store, judge_settings(works.workspace)) if judging else None
        for problem in works.problems:
            click.echo(str(problem), err=True)
        if self._pages is not None:
            self._pages.application = self._application()

    def _application(self) -> Application:
        tokens = self._works.tokens if self._works is not None else {}
        return application(
            self._store.heartbeats, tokens, lambda: time.time_ns() // 1000, lambda: view_of(self.service)
        )


class _Housekeeper:
    """Lets go of what is past its age, every hour."""

    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        self._pruned_s = time.monotonic()

    def heard(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Write a line about a run, and about each step that deviates."""
        log = structlog.get_logger("outrider.runs")
        log.info(
            "run.stored", run=run.id, check=run.check, location=run.location, outcome=run.outcome.value,
            reason=run.reason, duration_ms=(run.finished_us - run.started_us) // 1000,
        )  # fmt: skip
        for one in judgements:
            if one.signal.condition.value in {"degraded", "improved"}:
                log.warning("step.deviates", check=run.check, step=one.step, reason=one.signal.reason)

    def ticked(self, now_us: int) -> None:  # noqa: ARG002 - its own clock is steady
        """Prune when it is time."""
        if time.monotonic() - self._pruned_s >= _PRUNE_EVERY_S:
            self._pruned_s = time.monotonic()
            threading.Thread(target=self._watch.prune, daemon=True).start()


def _log_as_lines() -> None:
    """Write one line of JSON an event to stderr, or coloured text for people."""
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
