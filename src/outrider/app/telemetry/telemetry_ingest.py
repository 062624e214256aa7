"""Telemetry of a workspace, from its address to the store: an HTTP server without pages, a spool, and its digestion."""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import structlog

from outrider.app.access.access_rules import access_rules
from outrider.app.access.signing_key import signing_key
from outrider.app.access.tombstone_file import FollowedTombstones
from outrider.app.access.workspace_access import now_us
from outrider.app.errors.telemetry_inbox import INBOX_FOLDER
from outrider.app.lookup.telemetry_day import LEDGER_FILE
from outrider.app.telemetry.otlp_errors import OtlpErrors
from outrider.model import TokenKind, UsageError
from outrider.server import (
    Access,
    Background,
    IngestAccess,
    OtlpGrpc,
    SyslogDatagrams,
    SyslogListener,
    ingest_application,
    is_loopback,
    listen,
)
from outrider.telemetry import (
    SYSLOG,
    AttributeReader,
    DayBudget,
    DayLedger,
    Digestion,
    DiskRoom,
    FilePattern,
    Forwarder,
    ForwardQueue,
    ForwardTarget,
    Grouping,
    Intake,
    KeepRules,
    LogFollower,
    Scrubber,
    SignalKind,
    SpanSampler,
    Spool,
    Tally,
)
from outrider.workspace import Mask, Redactor, TelemetrySettings, available_secrets

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from outrider.model import AccessRecords, TelemetryInserts, TelemetryRecords
    from outrider.workspace import ForwardSettings, LogFiles, Workspace

log = structlog.get_logger("outrider.telemetry")

_FILES: Final = "log files"
_FOLLOWED: Final = "telemetry/followed.json"

SPOOL_FOLDER = "telemetry/spool"
FORWARD_FOLDER = "telemetry/forward"


class TelemetryIngest:
    """Takes telemetry from its making until it is closed; what is in the spool by then waits for the next one.

    Args:
        workspace: Whose settings, secrets and switches hold.
        records: Knows tokens of kind `ingest`, and keeps errors.
        store: Where telemetry goes.

    Attributes:
        address: Of OTLP over HTTP.
        ports: Of `grpc`, `syslog` and `syslog_udp`, as far as they are listened at.

    Raises:
        UsageError: port-taken; open-ingest if it would be reached from elsewhere and nothing says who may send.
    """

    def __init__(self, workspace: Workspace, records: TelemetryRecords, store: TelemetryInserts) -> None:
        settings = workspace.telemetry or TelemetrySettings()
        self.tally = Tally()
        self.ledger = DayLedger(workspace.state / LEDGER_FILE, self.tally)
        redactor = Redactor(Mask.of(available_secrets(workspace, os.environ)))
        scrubber = Scrubber(redactor, hide_addresses=settings.hide_addresses)
        reader = AttributeReader(scrubber=scrubber, tally=self.tally, key=signing_key(workspace.state))
        self._sender = hashlib.sha256(b"forward" + signing_key(workspace.state)).hexdigest()[:32]
        self._queue = self._forward_queue(workspace, settings.forward)
        on_seal = self._queue.add if settings.forward.url else _keep_no_copy
        inbox = workspace.state / INBOX_FOLDER
        spool = Spool(workspace.state / SPOOL_FOLDER, settings.spool_bytes, inbox=inbox, on_seal=on_seal)
        self.waits_since = spool.waits_since
        self.room = DiskRoom(workspace.state / SPOOL_FOLDER, settings.least_free_bytes, self.tally)
        budget = DayBudget(self.tally, {SignalKind(name): size for name, size in settings.budget.items()})
        self._intake = Intake(spool, reader, switched_off(workspace), budget=budget, room=self.room.check)
        self._doors = ExitStack()
        self.ports: dict[str, int] = {}
        try:
            self.address = self._listen(workspace, settings, records, reader)
        except BaseException:
            self._doors.close()
            raise
        self._errors = OtlpErrors(workspace, records.projects, records, self.tally)
        sampler = SpanSampler(keep_rules(settings))
        self._digestion = Digestion(spool, store, self.tally, sampler=sampler, look=self._errors.take)
        erased = FollowedTombstones(workspace.state)
        self._digestion.leave_out(erased.matcher)
        self._digestion.start()
        if settings.forward.url:
            forwarder = Forwarder(self._queue, self._target(workspace, settings.forward), self.tally)
            self._doors.callback(forwarder.close)
            forwarder.erased = erased.matcher
            forwarder.start()
        follower = _log_follower(workspace, settings.files, self._intake, reader)
        self._doors.callback(follower.close)
        follower.start()
        log.info("telemetry is taken", address=self.address, **{f"{name}_port": at for name, at in self.ports.items()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(
        self, workspace: Workspace, settings: TelemetrySettings, records: AccessRecords, reader: AttributeReader
    ) -> str:
        """Open what clients reach; return the address for OTLP over HTTP."""
        address = (settings.host, settings.port)
        gate = _gate(workspace, settings, records, address)
        listener = listen(*address, setting="[telemetry] listen")
        routes = ingest_application(
            self._intake, gate.source_of, loki=settings.loki, ndjson=settings.ndjson, sender=self._sender
        )
        self._doors.callback(Background(routes, listener).close)
        keep = partial(self._intake.keep_logs, source=SYSLOG)
        if settings.syslog is not None:
            gate = _gate(workspace, settings, records, settings.syslog, knows_tokens=False)
            at = listen(*settings.syslog, setting="[telemetry] syslog")
            self.ports["syslog"] = at.getsockname()[1]
            self._doors.callback(SyslogListener(at, keep, reader, gate.allows).close)
        if settings.syslog_udp is not None:
            gate = _gate(workspace, settings, records, settings.syslog_udp, knows_tokens=False)
            datagrams = SyslogDatagrams(*settings.syslog_udp, keep, reader, gate.allows)
            self.ports["syslog_udp"] = datagrams.port
            self._doors.callback(datagrams.close)
        if settings.grpc is not None:
            self._listen_for_grpc(settings.grpc, _gate(workspace, settings, records, settings.grpc))
        return f"http://{_written(settings.host)}:{listener.getsockname()[1]}"

    def _listen_for_grpc(self, address: tuple[str, int], gate: IngestAccess) -> None:
        try:
            grpc = OtlpGrpc(self._intake, gate.source, *address)
        except ImportError:
            log.warning("OTLP is not taken over gRPC: grpcio is missing", fix="pip install 'outrider[telemetry]'")
            return
        self.ports["grpc"] = grpc.port
        self._doors.callback(grpc.close)

    def _forward_queue(self, workspace: Workspace, forward: ForwardSettings) -> ForwardQueue:
        signals = frozenset(map(SignalKind, forward.signals))
        queue = ForwardQueue(
            workspace.state / FORWARD_FOLDER, forward.queue_bytes, signals, self.tally,
            is_on=workspace.capabilities.forwarding,
        )  # fmt: skip
        if not forward.url:
            queue.clear()
        return queue

    def _target(self, workspace: Workspace, forward: ForwardSettings) -> ForwardTarget:
        secrets = available_secrets(workspace, os.environ)
        headers = {name: secrets[secret].reveal() for name, secret in forward.headers.items()}
        return ForwardTarget(forward.url, headers, self._sender)

    def use(self, workspace: Workspace) -> None:
        """Take the signals that are switched on in a workspace."""
        self._intake.off = switched_off(workspace)
        self._queue.is_on = workspace.capabilities.forwarding
        self._errors.use(workspace)

    def close(self) -> None:
        """Take nothing more, and end after the segment that is being stored."""
        self._doors.close()
        self._digestion.close()
        self.ledger.write()


def _keep_no_copy(_segment: Path, _name: str) -> None:
    """Leave a segment to the spool alone."""


def keep_rules(settings: TelemetrySettings) -> KeepRules:
    """Return which spans a workspace keeps."""
    keep = settings.keep
    return KeepRules(keep.rate, keep.services, keep.slow_s, keep.operations)


def _gate(
    workspace: Workspace,
    settings: TelemetrySettings,
    records: AccessRecords,
    address: tuple[str, int],
    *,
    knows_tokens: bool = True,
) -> IngestAccess:
    """Return who may send to an address.

    Raises:
        UsageError: open-ingest if it is reached from elsewhere and nothing says who may.
    """
    is_local = is_loopback(address[0])
    if not is_local and not settings.networks and not (knows_tokens and _has_token(records)):
        make = "make a token by outrider tokens create NAME --kind ingest, or " if knows_tokens else ""
        raise UsageError(
            f"telemetry would be taken from anybody at {_written(address[0])}:{address[1]}",
            slug="open-ingest",
            fix=f"{make}list networks below [telemetry]",
        )
    access = Access(records, access_rules(workspace, is_loopback=is_local), now_us)
    return IngestAccess(access, settings.networks, is_loopback=is_local)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _log_follower(workspace: Workspace, files: LogFiles, intake: Intake, reader: AttributeReader) -> LogFollower:
    """Return what follows the files of `[telemetry.logs]`, from the folder of the workspace."""
    patterns = [FilePattern(str(workspace.root / file.pattern), file.service) for file in files.files]
    return LogFollower(
        patterns,
        partial(intake.keep_logs, source=_FILES),
        reader.of(source=_FILES),
        workspace.state / _FOLLOWED,
        resource={"host.name": socket.gethostname()},
        grouping=Grouping(files.records),
        from_beginning=files.from_beginning,
    )


def switched_off(workspace: Workspace) -> frozenset[SignalKind]:
    """Return the signals of which a workspace takes none."""
    switches = workspace.capabilities
    taken = {
        SignalKind.LOGS: switches.logs,
        SignalKind.TRACES: switches.traces,
        SignalKind.METRICS: switches.metrics,
    }
    return frozenset(kind for kind, is_on in taken.items() if not (is_on and switches.telemetry))


def _has_token(records: AccessRecords) -> bool:
    at_us = now_us()
    return any(token.kind is TokenKind.INGEST and token.is_valid(at_us) for token in records.tokens.all())
