"""Telemetry of a workspace taken, kept and pruned, until it is closed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

import structlog

from outrider.app.lookup.telemetry_access import ENGINE_FOLDER, open_telemetry, telemetry_retention
from outrider.app.telemetry.followed_rules import FollowedRules
from outrider.app.telemetry.operation_watch import OperationWatch
from outrider.app.telemetry.page_watch import PageWatch
from outrider.app.telemetry.pattern_watch import PatternWatch
from outrider.app.telemetry.progress_mark import ProgressMark
from outrider.app.telemetry.rule_watch import RuleWatch
from outrider.app.telemetry.service_watch import ServiceWatch
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.model import OutriderError
from outrider.telemetry_store import NOTABLE_FILE, damaged_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from outrider.app.telemetry.page_watch import Site
    from outrider.model import TelemetryRecords
    from outrider.telemetry_store import TelemetryRetention, TelemetryStore
    from outrider.workspace import TelemetrySettings, Workspace

log = structlog.get_logger("outrider.telemetry")

_LOOK_EVERY_S: Final = 1.0
_PRUNE_EVERY_S: Final = 300.0
_PRUNE_AGAIN_S: Final = 60.0
"""While too little of the disk is free: what was removed leaves it some time later."""
_AGAIN_S: Final = 10.0
"""After something went wrong."""
_COUNT_EVERY_S: Final = 60.0
_RULES_EVERY_S: Final = 5.0
_PATTERNS_EVERY_S: Final = 30.0
_MARK: Final = "telemetry/services.json"
_PAGES_MARK: Final = "telemetry/pages.json"
_RULES_MARK: Final = "telemetry/rules.json"
_PATTERNS: Final = "telemetry/patterns.json"


class TelemetryService:
    """Runs ingest, engine and retention.

    An engine that ends is started again: what comes in meanwhile waits in the spool.

    Args:
        workspace: Whose settings hold.
        records: Knows tokens of kind `ingest`, and keeps what is judged of services.

    Raises:
        UsageError: telemetry-off, switched-off, port-taken, open-ingest.
        TelemetryError: If the telemetry cannot be opened.
    """

    def __init__(self, workspace: Workspace, records: TelemetryRecords) -> None:
        self._records = records
        self._store = open_telemetry(workspace)
        if damaged := damaged_parts(workspace.state / ENGINE_FOLDER):
            fix = "restore a backup, or remove the folder `damaged`: what lies there is in no answer"
            log.warning("parts of telemetry are damaged, and set aside", parts=damaged, fix=fix)
        try:
            self._ingest = TelemetryIngest(workspace, records, self._store)
        except BaseException:
            self._store.close()
            raise
        settings: TelemetrySettings | None = workspace.telemetry
        assert settings is not None  # opened above
        self.address = self._ingest.address
        room, ledger = self._ingest.room, self._ingest.ledger
        watch = _service_watch(workspace, self._store, records) if _judges_services(workspace) else None
        self._rules = FollowedRules(workspace)
        self._upkeep = TelemetryUpkeep(
            self._store, telemetry_retention(settings), missing_bytes=room.missing_bytes, watch=watch,
            rules=self._rule_watch(workspace),
            patterns=self._pattern_watch(workspace) if _follows_patterns(workspace) else None,
            pages=_page_watch(workspace, self._store, records),
        )  # fmt: skip
        self._write_counts = ledger.write
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry upkeep", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def use(self, workspace: Workspace) -> None:
        """Take the signals, and judge services, as that is switched on in a workspace."""
        self._ingest.use(workspace)
        self._rules.use(workspace)
        if not _follows_patterns(workspace):
            self._upkeep.patterns = None
        elif self._upkeep.patterns is None:
            self._upkeep.patterns = self._pattern_watch(workspace)
        if not _judges_pages(workspace):
            self._upkeep.pages = None
        elif self._upkeep.pages is None:
            self._upkeep.pages = _page_watch(workspace, self._store, self._records)
        if not _judges_services(workspace):
            self._upkeep.watch = None
        elif self._upkeep.watch is None:
            self._upkeep.watch = _service_watch(workspace, self._store, self._records)

    def _pattern_watch(self, workspace: Workspace) -> PatternWatch:
        return PatternWatch(
            self._store, workspace.state / _PATTERNS, workspace.state / NOTABLE_FILE,
            waits_since=self._ingest.waits_since,
        )  # fmt: skip

    def _rule_watch(self, workspace: Workspace) -> RuleWatch:
        return RuleWatch(
            self._store, self._records.aggregates.record, workspace.defaults.environment, workspace.state / _RULES_MARK,
            rules=self._rules.current, taken=self._rules.takes, waits_since=self._ingest.waits_since,
            patterns=lambda: self._upkeep.patterns,
        )  # fmt: skip

    def close(self) -> None:
        """Take nothing more, store what is being stored, and end the engine."""
        self._ingest.close()
        self._stop.set()
        self._thread.join()
        self._store.close()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self._upkeep.look()
            self._write_counts()


def _judges_services(workspace: Workspace) -> bool:
    switches = workspace.capabilities
    return switches.services and switches.judging and switches.traces


def _follows_patterns(workspace: Workspace) -> bool:
    switches = workspace.capabilities
    return switches.patterns and switches.judging and switches.logs


def _service_watch(workspace: Workspace, reader: TelemetryStore, records: TelemetryRecords) -> ServiceWatch:
    environment, mark = workspace.defaults.environment, ProgressMark(workspace.state / _MARK)
    operations = OperationWatch(reader, environment)
    return ServiceWatch(reader, records.aggregates, environment, mark, operations=operations)


def _judges_pages(workspace: Workspace) -> bool:
    switches = workspace.capabilities
    return switches.errors and switches.real_users and switches.pages and switches.judging


def _page_watch(workspace: Workspace, reader: TelemetryStore, records: TelemetryRecords) -> PageWatch | None:
    if workspace.errors is None or not _judges_pages(workspace):
        return None

    def sites() -> Iterator[Site]:
        return ((project.service, project.environment) for project in records.projects.all())

    mark = ProgressMark(workspace.state / _PAGES_MARK)
    return PageWatch(reader, records.aggregates, sites, mark, workspace.errors.pages)


class TelemetryUpkeep:
    """Starts an engine again that has ended, counts calls by minute, and removes what is beyond its time or the size.

    Args:
        store: Of the telemetry.
        kept: How long and how much.
        clock: Seconds on a monotonic clock.
        watch: Stores what is judged of services; None where nothing is. It may be replaced at any time.
        rules: Stores what rules over queries measure.
        patterns: Follows patterns of log records; None where nothing does. It may be replaced at any time.
        pages: Stores what is judged of pages; None where nothing is. It may be replaced at any time.
        missing_bytes: By how much too little of the disk is free.
    """

    def __init__(
        self,
        store: TelemetryStore,
        kept: TelemetryRetention,
        clock: Callable[[], float] = time.monotonic,
        *,
        missing_bytes: Callable[[], int] = lambda: 0,
        watch: ServiceWatch | None = None,
        rules: RuleWatch | None = None,
        patterns: PatternWatch | None = None,
        pages: PageWatch | None = None,
    ) -> None:
        self.watch = watch
        self.pages = pages
        self.patterns = patterns
        self._rules = rules
        self._missing_bytes = missing_bytes
        self._store = store
        self._kept = kept
        self._clock = clock
        self._due_s = self._count_due_s = self._rules_due_s = self._patterns_due_s = self._again_s = clock()

    def look(self) -> None:
        """Do what is due; what goes wrong is logged, and tried again."""
        try:
            if self._store.restart_engine():
                log.warning("the telemetry engine had ended and was started again")
            if self._clock() < self._again_s:
                return
            if self._clock() >= self._count_due_s:
                left, watch = self._store.roll_up_calls(), self.watch
                left += watch.look() if watch is not None and not left else 0
                left += pages.look() if (pages := self.pages) is not None and not left else 0
                self._count_due_s = self._clock() + (0 if left else _COUNT_EVERY_S)
            if (patterns := self.patterns) is not None and self._clock() >= self._patterns_due_s:
                self._patterns_due_s = self._clock() + (0 if patterns.look() else _PATTERNS_EVERY_S)
            if self._rules is not None and self._clock() >= self._rules_due_s:
                self._rules_due_s = self._clock() + (0 if self._rules.look() else _RULES_EVERY_S)
            if self._clock() >= self._due_s:
                self._due_s = self._clock() + _PRUNE_EVERY_S
                self._prune()
                if self._missing_bytes():
                    self._due_s = self._clock() + _PRUNE_AGAIN_S
        except OutriderError as error:
            self._again_s = self._clock() + _AGAIN_S
            log.error("telemetry is not kept up", reason=str(error))  # noqa: TRY400  the reason is all of it

    def _prune(self) -> None:
        kept, missing = self._kept, self._missing_bytes()
        if missing:
            log.warning("the disk is nearly full: telemetry is refused, and its oldest removed", missing_bytes=missing)
            allowed = max(0, self._store.bytes_on_disk() - missing)
            kept = replace(kept, most_bytes=min(kept.most_bytes, allowed))
        for part in self._store.prune(kept):
            log.info("telemetry pruned", table=part.table, part=part.name, bytes=part.bytes, reason=part.reason)
