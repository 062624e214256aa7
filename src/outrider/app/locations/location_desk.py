"""Where workers of locations report, take orders and deliver results: the server's side."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from outrider.app.access.setting_overrides import override_values
from outrider.app.locations.result_messages import unpacked_results, verdict_documents
from outrider.app.locations.sealed_box import ORDERS, RESULTS, SealedBox
from outrider.model import (
    Assignment,
    DeliveredResult,
    Kind,
    LocationOrder,
    ReportAnswer,
    UsageError,
    Verdict,
    valid_until_us,
)
from outrider.runs import to_document, unpacked_run
from outrider.workspace import Snapshotter, available_secrets, pack_snapshot, service_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from outrider.app.access.scheduler_reader import LoadedWorkspace
    from outrider.model import (
        ArtifactStore,
        Caller,
        Check,
        CheckId,
        LoadShareLog,
        LocationLog,
        OverrideLog,
        QueueEntry,
        RunId,
        WorkerReport,
    )

log = structlog.get_logger("outrider.locations")

_MOST_ORDERS: Final = 200
_MOST_FILE_BYTES: Final = 1 << 30


class DeskRecords(Protocol):
    """What orders and results are kept in."""

    @property
    def locations(self) -> LocationLog:
        """Orders, workers and results."""
        ...

    @property
    def load_shares(self) -> LoadShareLog:
        """Shares of loads."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Files of results."""
        ...

    @property
    def overrides(self) -> OverrideLog:
        """Settings that were changed beside the file."""
        ...


class LocationDesk:
    """Serves workers; any thread may use it.

    Args:
        records: Where orders and results are kept.
        loaded: Returns the state of the workspace that checks run by; None while none is known.
        now_us: The time, microseconds UTC.
    """

    def __init__(
        self,
        records: DeskRecords,
        loaded: Callable[[], LoadedWorkspace | None],
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._loaded = loaded
        self._now_us = now_us

    def report(self, caller: Caller, report: WorkerReport) -> ReportAnswer:
        """Take what a worker says of itself.

        Raises:
            UsageError: worker-version, worker-name-taken.
        """
        ours = version("outrider")
        if report.version != ours:
            raise UsageError(
                f"the worker has Outrider {report.version[:40]}, and the server {ours}",
                slug="worker-version",
                fix=f"install the wheel of {ours} on both",
            )
        if self._records.locations.report(caller.location, report, self._now_us()):
            raise UsageError(
                f'{caller.location} has another worker called "{report.name[:80]}", which is alive',
                slug="worker-name-taken",
                fix="give each its own: outrider worker --name NAME",
            )
        if report.failed_shares:
            self._records.load_shares.fail(caller.location, report.failed_shares)
        return ReportAnswer(self._now_us(), caller.location)

    def waiting_places(self) -> frozenset[str]:
        """Return the locations in which orders or shares of loads wait."""
        now_us = self._now_us()
        return self._records.locations.waiting_places(now_us) | self._records.load_shares.waiting_places(now_us)

    def take(self, caller: Caller, report: WorkerReport, *, with_shares: bool = True) -> Assignment | None:
        """Give a worker the orders, and perhaps a share of a load, that it has room for; None if there are none."""
        loaded, now_us = self._loaded(), self._now_us()
        if loaded is None:
            return None
        checks = {check.id: check for check in loaded.checks}
        share = self._records.load_shares.take(caller.location, now_us) if with_shares and report.turns > 0 else None
        if share is not None:  # it is made alone, as every load
            report = replace(report, turns=0)
        wanted = self._choose(caller, report, checks, now_us)
        leased = self._records.locations.lease(caller.location, report.instance, wanted, now_us)
        if not leased and share is None:
            return None
        secrets = available_secrets(loaded.workspace, os.environ)
        ours = service_secrets(loaded.workspace)
        return Assignment(
            snapshot=loaded.snapshot,
            orders=tuple(_order(own.entry, checks[own.entry.check], own.lease) for own in leased),
            secrets={name: secret.reveal() for name, secret in secrets.by_name.items() if name not in ours},
            settings={name: json.dumps(value) for name, value in override_values(self._records.overrides).items()},
            shares=() if share is None else (share,),
        )

    def take_sealed(self, caller: Caller, report: WorkerReport) -> bytes | None:
        """Give a worker orders, as only it can read them."""
        assignment = self.take(caller, report)
        if assignment is None:
            return None
        document = json.dumps(to_document(assignment)).encode()
        return SealedBox(caller.token_digest, ORDERS).seal(document, f"{caller.location} {report.instance}")

    def pack(self, digest: str) -> Path:
        """Return a new archive of a snapshot, which the caller removes.

        Raises:
            UsageError: unknown-snapshot.
        """
        loaded = self._loaded()
        snapshot = Snapshotter(loaded.workspace).find(digest) if loaded is not None else None
        if snapshot is None:
            raise UsageError("there is no such snapshot any more", slug="unknown-snapshot", fix="take orders anew")
        descriptor, name = tempfile.mkstemp(suffix=".tar.gz")
        os.close(descriptor)
        archive = Path(name)
        try:
            pack_snapshot(snapshot, archive)
        except BaseException:
            archive.unlink()
            raise
        return archive

    def holds(self, digest: str) -> bool:
        """Return whether a file is there."""
        return self._records.artifacts.holds(digest)

    def uploaded(self, caller: Caller, digest: str) -> int:
        """Return how many bytes of a file have come."""
        return self._records.locations.uploaded(_upload_name(caller, digest))

    def upload(self, caller: Caller, digest: str, offset: int, content: bytes, total: int) -> int:
        """Take a part of a file, and the file when it is whole; return how many bytes of it have come.

        Raises:
            UsageError: bad-result if the whole file does not have that digest, or is larger than 1 GiB.
        """
        if total > _MOST_FILE_BYTES:
            raise _bad_result(f"a file has more than {_MOST_FILE_BYTES >> 30} GiB")
        parts, upload = self._records.locations, _upload_name(caller, digest)
        if offset + len(content) < total:
            return parts.add_part(upload, offset, content, self._now_us())
        if (come := parts.uploaded(upload)) != offset:
            return come
        try:
            self._take(digest, chain(parts.upload_content(upload), [content]))
        finally:
            if offset:
                parts.end_upload(upload)
        return total

    def deliver(self, caller: Caller, worker: str, message: bytes) -> list[dict[str, str]]:
        """Take documents of finished runs, all that can be taken in one transaction; return a verdict on each.

        One is refused if it is not of its order, or files of it are not there (bad-result), or cannot be read.

        Raises:
            UsageError: bad-message.
        """
        location, now_us = caller.location, self._now_us()
        results = unpacked_results(message)
        by_run = {own.run: own for own in self._records.locations.ordered(location, [held.run for held, _ in results])}
        refusals = [self._refusal(by_run.get(held.run), document) for held, document in results]
        sound = [
            DeliveredResult(held.run, location, worker, held.lease, now_us, document)
            for (held, document), refusal in zip(results, refusals, strict=True)
            if refusal is None
        ]
        taken = iter(self._records.locations.deliver(sound))
        verdicts = [next(taken) if refusal is None else refusal for refusal in refusals]
        for (held, _), verdict in zip(results, verdicts, strict=True):
            if isinstance(verdict, UsageError):
                log.warning("location.refused", location=location, run=held.run, why=verdict.what, slug=verdict.slug)
            elif verdict is not Verdict.TAKEN:
                log.warning("location.not-taken", location=location, run=held.run, lease=held.lease, why=verdict.value)
        return verdict_documents(verdicts)

    def deliver_sealed(self, caller: Caller, worker: str, sealed: bytes) -> list[dict[str, str]]:
        """Take what a worker sealed, as `deliver` does.

        Raises:
            UsageError: bad-message.
            OutriderError: forged-message.
        """
        box = SealedBox(caller.token_digest, RESULTS)
        return self.deliver(caller, worker, box.open(sealed, f"{caller.location} {worker}"))

    def _take(self, digest: str, parts: Iterable[bytes]) -> None:
        """Keep the file that consists of parts."""
        with tempfile.TemporaryDirectory() as folder:
            whole, sha256 = Path(folder, digest), hashlib.sha256()
            with whole.open("wb") as file:
                for part in parts:
                    sha256.update(part)
                    file.write(part)
            if sha256.hexdigest() != digest:
                raise _bad_result("a file that was uploaded is not the one that was announced")
            self._records.artifacts.take(whole)

    def _choose(
        self, caller: Caller, report: WorkerReport, checks: Mapping[CheckId, Check], now_us: int
    ) -> list[RunId]:
        loaded = self._loaded()
        stays = set(loaded.heartbeats.by_key.values()) if loaded is not None else set()
        room = {True: min(report.probes, _MOST_ORDERS), False: min(report.turns, _MOST_ORDERS)}
        chosen: list[RunId] = []
        waiting = [
            (-entry.priority, valid_until_us(checks[entry.check].policy, entry.due_us), entry)
            for entry in self._records.locations.waiting(caller.location, now_us)
            if entry.check in checks and entry.check not in stays
        ]
        for _, until_us, entry in sorted(waiting, key=lambda item: item[:2]):
            is_probe = checks[entry.check].kind is Kind.PROBE
            if until_us > now_us and room[is_probe] > 0:
                room[is_probe] -= 1
                chosen.append(entry.run)
        return chosen

    def _refusal(self, ordered: QueueEntry | None, document: bytes) -> UsageError | None:
        """Return why a result is refused; one that nobody waits for is told apart where it would be kept."""
        try:
            if ordered is not None:
                self._check(ordered, document)
        except UsageError as error:
            return error
        return None

    def _check(self, ordered: QueueEntry, document: bytes) -> None:
        """Refuse a result that is not of its order."""
        run = unpacked_run(document)
        identity = (run.id, run.check, run.location, run.due_us)
        if identity != (ordered.run, ordered.check, ordered.location, ordered.due_us):
            raise _bad_result("it is of another run than its order")
        for attempt in run.attempts:
            for file in attempt.measurement.artifacts:
                if file.content is None or not self.holds(file.content.digest):
                    raise _bad_result(f"{file.name[:80]} was not uploaded")


def _upload_name(caller: Caller, digest: str) -> str:
    """Return what the upload of a file is called: one of each caller."""
    if len(digest) != 64 or not digest.isalnum():
        raise _bad_result("a file has no address")
    return f"{caller.token_digest[:16]}-{digest}"


def _order(entry: QueueEntry, check: Check, lease: int) -> LocationOrder:
    until_us = valid_until_us(check.policy, entry.due_us)
    return LocationOrder(
        entry.run, entry.check, check.policy.environment, entry.due_us, until_us, lease, entry.priority
    )


def _bad_result(why: str) -> UsageError:
    fix = "the worker keeps nothing of it; the log there tells more"
    return UsageError(f"the result is refused: {why}", slug="bad-result", fix=fix)
