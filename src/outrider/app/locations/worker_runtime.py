"""One state of the workspace as a worker runs it: fetched, verified, and loaded with the secrets in memory."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import structlog

from outrider.app.execution.host_executors import HostExecutors
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.load import work_share
from outrider.model import Beats, Check, ConfigError, Kind, Policy, QueueEntry, RunId
from outrider.runs import broken_run, launched
from outrider.workspace import Snapshot, given_secrets, load, read_workspace, service_secrets, unpack_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Assignment, Beat, CheckId, LoadShare, LocationOrder
    from outrider.scheduler import RetryingRecorder
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.worker")

_KEPT = 5


class WorkerRuntime:
    """Runs orders of one state of the workspace.

    Args:
        assignment: With the digest of the files, settings and secrets, which are never written.
        fetch: Writes the archive of a snapshot into a file.
        folder: Keeps unpacked snapshots.
        location: Where this is.
        recorder: Takes finished runs.

    Raises:
        ConfigError: snapshot-mismatch, or if the workspace cannot be loaded.
        ServerError: If the files cannot be fetched.
    """

    def __init__(
        self,
        assignment: Assignment,
        fetch: Callable[[str, Path], None],
        folder: Path,
        location: str,
        recorder: RetryingRecorder,
    ) -> None:
        self._state = _state(assignment)
        self._location = location
        self._recorder = recorder
        self._sharing = threading.Lock()  # held while a share of a load is made
        self._closing = threading.Event()
        snapshot = _snapshot(assignment.snapshot, fetch, folder)
        workspace = _loaded(_checkout(snapshot), assignment)
        with ExitStack() as stack:
            runtime = stack.enter_context(
                open_runtime(
                    workspace,
                    browser=browser_or_error(workspace),
                    secrets=given_secrets(workspace, assignment.secrets),
                    snapshot=snapshot,
                )
            )
            self._runtime = runtime
            self._circumstances = runtime.circumstances
            discovery = runtime.discover()
            kept = [runtime.missing_secrets.get(name) for name in service_secrets(workspace)]
            for problem in discovery.problems:
                if problem in kept:  # no other location gets it: only a check that reads it has a problem
                    continue
                log.warning("workspace.problem", why=str(problem))
            self._checks = {check.id: check for check in discovery.checks}
            self._executors = HostExecutors(
                runtime, discovery.checks, recorder, heartbeats=_NoHeartbeats(), progress=None, shares=None
            )
            self._stack = stack.pop_all()
        log.info("workspace.loaded", checks=len(self._checks), snapshot=snapshot.digest)

    @property
    def room(self) -> tuple[int, int]:
        """How many more probes, and how many more journeys or loads, can begin now."""
        return self._executors.fleet.room, self._executors.turns.room

    def fits(self, assignment: Assignment) -> bool:
        """Return whether orders are of this state of the workspace."""
        return self._state == _state(assignment)

    def begin(self, orders: Sequence[LocationOrder]) -> None:
        """Begin runs; each is recorded, however it ends, or returned by `close`."""
        for order in orders:
            entry = QueueEntry(order.run, order.check, self._location, order.due_us)
            check = self._checks.get(order.check)
            executor = self._executors.by_kind.get(check.kind) if check is not None else None
            if check is None or executor is None:
                self._record_unknown(order)
            else:
                executor.begin([(entry, check)])

    def make_share(self, share: LoadShare, for_s: float) -> str:
        """Make a share of a load until its master ends it, for so long at most; return why it could not be made."""
        profile = self._runtime.loads.profiles.get(share.check)
        if profile is None:
            return "cannot load this check: its log says why"
        until_s = time.monotonic() + for_s
        self._runtime.scratch.mkdir(parents=True, exist_ok=True)
        log_file = self._runtime.scratch / f"share-{share.id}.log"
        with self._sharing:
            return work_share(
                profile, self._runtime.surroundings(), share, log_file,
                is_over=lambda: self._closing.is_set() or time.monotonic() > until_s,
            )  # fmt: skip

    def close(self, within_s: float) -> tuple[RunId, ...]:
        """Wait for what is under way, at most so long, and return what is not finished then."""
        until_s = time.monotonic() + within_s
        unfinished = self._executors.close(within_s)
        if not self._sharing.acquire(timeout=max(0.0, until_s - time.monotonic())):
            self._closing.set()
            self._sharing.acquire()
        self._stack.close()
        return tuple(entry.run for entry, _ in unfinished)

    def _record_unknown(self, order: LocationOrder) -> None:
        kind = Kind(order.check.partition(":")[0])
        check = Check(order.check, kind, "", order.check, "", Policy(environment=order.environment))
        launch = launched(check, location=self._location, due_us=order.due_us, run=order.run)
        error = ConfigError(
            "the worker of this location cannot load this check: its log says why", slug="unknown-check"
        )
        self._recorder.record(broken_run(launch, error, self._circumstances))


class _NoHeartbeats:
    """Heartbeats are run by the service, which takes their calls; no order names one."""

    def record(self, check: CheckId, beat: Beat) -> None:
        """Take nothing."""

    def get(self, check: CheckId) -> Beats:  # noqa: ARG002 - of all the same
        """Return that nobody called."""
        return Beats(None, None)

    def look(self, check: CheckId, run: RunId) -> Beats:  # noqa: ARG002
        """Return that nobody called."""
        return Beats(None, None)

    def listened(self, at_us: int, tolerated_us: int) -> None:
        """Note nothing."""


def _state(assignment: Assignment) -> tuple[object, ...]:
    return assignment.snapshot, dict(assignment.settings), dict(assignment.secrets)


def _snapshot(digest: str, fetch: Callable[[str, Path], None], folder: Path) -> Snapshot:
    """Return the snapshot of a digest, fetched and verified unless an earlier order did so."""
    known = folder / digest
    if digest.isalnum() and known.is_dir():
        return Snapshot(digest, known)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    archive = folder / ".incoming.tar.gz"
    try:
        fetch(digest, archive)
        return unpack_snapshot(archive, folder, digest)
    finally:
        archive.unlink(missing_ok=True)


def _checkout(snapshot: Snapshot) -> Path:
    """Return a copy of a snapshot that may be written to, beside it; those of older ones are removed."""
    beside = snapshot.path.with_name(f"{snapshot.digest}.workspace")
    if not beside.exists():
        fresh = Path(mkdtemp(prefix=".new-", dir=beside.parent))
        snapshot.checkout(fresh).rename(beside)
    os.utime(snapshot.path)
    known = sorted(
        (path for path in beside.parent.iterdir() if path.is_dir() and path.name.isalnum()),
        key=lambda path: -path.stat().st_mtime,
    )
    for path in known[_KEPT:]:
        shutil.rmtree(path.with_name(f"{path.name}.workspace"), ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)
    return beside


def _loaded(root: Path, assignment: Assignment) -> Workspace:
    values = {name: json.loads(value) for name, value in assignment.settings.items()}
    workspace, problems = read_workspace(root, values)
    return load(root) if problems else workspace
