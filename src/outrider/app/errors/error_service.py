"""Errors of a workspace, from their address to the store, until it is closed."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import structlog

from outrider.app.access.signing_key import signing_key
from outrider.app.access.tombstone_file import FollowedTombstones
from outrider.app.access.workspace_access import now_us
from outrider.app.errors.event_symbolication import EventSymbolication
from outrider.app.errors.followed_error_rules import FollowedErrorRules
from outrider.app.errors.quota_watch import ERROR_LEDGER_FILE
from outrider.app.errors.telemetry_inbox import TelemetryInbox
from outrider.app.lookup.telemetry_link import TelemetryLink
from outrider.errors import EventScrubber
from outrider.model import MapRecords, StoreError, UsageError
from outrider.server import Background, beacon_routes, error_application, is_loopback, listen
from outrider.telemetry import (
    BeaconIntake,
    DayLedger,
    DiskRoom,
    ErrorDigestion,
    ErrorIntake,
    PageViewDigestion,
    ReplayIntake,
    Scrubber,
    Spool,
    Tally,
)
from outrider.workspace import Mask, Redactor, available_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from outrider.model import (
        AddedEvent,
        AttachmentLog,
        ErrorEvent,
        ErrorProject,
        ProjectKey,
        ProjectRegistry,
        ReleaseHealthLog,
        ReplayLog,
    )
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.errors")

SPOOL_FOLDER: Final = "errors/spool"
VIEW_SPOOL_FOLDER: Final = "errors/views"
_KNOWN_S: Final = 3.0
_AGAIN_S: Final = 0.5


class ErrorRecords(MapRecords, Protocol):
    """What taking errors needs of the store."""

    @property
    def projects(self) -> ProjectRegistry:
        """Projects and their keys."""
        ...

    @property
    def attachments(self) -> AttachmentLog:
        """Files of events."""
        ...

    @property
    def release_health(self) -> ReleaseHealthLog:
        """Sessions by release."""
        ...

    @property
    def replays(self) -> ReplayLog:
        """Replays of sessions."""
        ...


class ErrorService:
    """Takes errors from its making until it is closed; what is in the spool by then waits for the next one.

    Raises:
        UsageError: errors-off, port-taken.
    """

    def __init__(self, workspace: Workspace, records: ErrorRecords) -> None:
        settings = workspace.errors
        if settings is None:
            fix = "add a section [errors] to outrider.toml: docs/error-tracking.md"
            raise UsageError("this workspace takes no errors", slug="errors-off", fix=fix)
        tally = Tally()
        ledger = DayLedger(workspace.state / ERROR_LEDGER_FILE, tally)
        self._ledger = ledger
        redactor = Redactor(Mask.of(available_secrets(workspace, os.environ)))
        scrubber = Scrubber(redactor, hide_addresses=settings.hide_addresses)
        spool = Spool(workspace.state / SPOOL_FOLDER, settings.spool_bytes)
        room = DiskRoom(workspace.state / SPOOL_FOLDER, settings.least_free_bytes, tally)
        keys = StoredKeys(records.projects)
        self._inbox = TelemetryInbox(workspace, scrubber, tally)
        intake = ErrorIntake(
            spool, keys, EventScrubber(scrubber.text, scrubber.hides, settings.query), tally,
            pass_on=self._inbox.take, replays=self._take_replay, room=room.check,
            keeps_attachments=settings.attachment_bytes > 0, telemetry_per_day=settings.telemetry_bytes_per_day,
        )  # fmt: skip
        listener = listen(settings.host, settings.port, setting="[errors] listen")
        rules = FollowedErrorRules(workspace.root)
        maps = EventSymbolication(records)

        def add(events: Sequence[ErrorEvent]) -> Sequence[AddedEvent]:
            maps.apply_late(rules.current())
            return records.errors.add(maps.apply(events), rules.current())

        def after() -> None:
            self._after_round()
            try:
                maps.apply_late(rules.current())
            except StoreError as error:
                log.warning("source maps wait: the store takes nothing", reason=str(error))

        self._digestion = ErrorDigestion(
            spool, add, tally, attach=records.attachments.add, add_sessions=records.release_health.add, after=after,
        )  # fmt: skip
        erased = FollowedTombstones(workspace.state)
        self._digestion.leave_out(erased.matcher)
        self._digestion.start()
        self._link = TelemetryLink(workspace)
        self._workspace = workspace
        views = Spool(workspace.state / VIEW_SPOOL_FOLDER, settings.spool_bytes)
        self._views = PageViewDigestion(views, self._link.reader, tally)
        self._views.leave_out(erased.matcher)
        self._views.start()
        beacons = BeaconIntake(
            views, keys, intake, scrubber.text, tally, key=signing_key(workspace.state), room=room.check,
            query=settings.query,
            is_on=lambda: self._workspace.capabilities.real_users, keeps_views=lambda: self._link.is_on,
        )  # fmt: skip
        intake.watch_spans(beacons.take_spans)
        trusted, is_local = workspace.server.trusted_proxies, is_loopback(settings.host)
        self._replays = ReplayIntake(
            records.replays, beacons.admit, scrubber.text, tally, per_day=settings.replay_bytes_per_day,
            is_on=lambda: self._workspace.capabilities.replays, room=room.check, is_erased=erased.is_session,
        )  # fmt: skip
        routes = beacon_routes(beacons, trusted, is_loopback=is_local, replays=self._replays)
        application = error_application(intake, trusted, is_loopback=is_local, beside=routes)
        self._server = Background(application, listener)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.address = f"http://{host}:{listener.getsockname()[1]}"
        log.info("errors are taken", address=self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def use(self, workspace: Workspace) -> None:
        """Go on; take beacons and hand signals on as that is switched on in a workspace."""
        self._workspace = workspace
        self._link.use(workspace)
        self._inbox.use(workspace)

    def close(self) -> None:
        """Take nothing more, and end after what is being stored."""
        self._server.close()
        self._digestion.close()
        self._views.close()
        self._link.close()
        self._after_round()

    def _take_replay(self, project: ErrorProject, event: dict[str, Any], recording: bytes) -> None:
        self._replays.take_of_sentry(project, event, recording)

    def _after_round(self) -> None:
        self._inbox.hand_over()
        self._ledger.write()


class StoredKeys:
    """The keys of the store, read again after three seconds, and for an unknown one; while it is away."""

    def __init__(self, projects: ProjectRegistry) -> None:
        self._projects = projects
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[ErrorProject, ProjectKey]] = {}
        self._read_s = -_KNOWN_S

    def find(self, key: str) -> tuple[ErrorProject, ProjectKey] | None:
        """Return a key with its project; None if there is none that is valid."""
        known = self._current(key).get(key)
        return known if known is not None and known[1].is_valid(now_us()) else None

    def remembers(self, key: str) -> bool:
        """Return whether a key is found without asking the store."""
        return key in self._keys and time.monotonic() - self._read_s < _KNOWN_S

    def _current(self, key: str) -> dict[str, tuple[ErrorProject, ProjectKey]]:
        with self._lock:
            age_s = time.monotonic() - self._read_s
            if age_s >= _KNOWN_S or (key not in self._keys and age_s >= _AGAIN_S):
                self._read_s = time.monotonic()
                try:
                    projects = {project.id: project for project in self._projects.all()}
                    self._keys = {own.id: (projects[own.project], own) for own in self._projects.all_keys()}
                except StoreError as error:
                    log.warning("keys of projects cannot be read", reason=str(error))
            return self._keys
