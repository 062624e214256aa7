"""A worker of a location: takes orders, measures on this host, and delivers results; it keeps nothing else."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import structlog

from outrider.app.locations.worker_runtime import WorkerRuntime
from outrider.model import (
    FailedShare,
    HeldRun,
    OutriderError,
    ServerError,
    StoreError,
    UsageError,
    Verdict,
    WorkerReport,
)
from outrider.scheduler import Health, RetryingRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.app.locations.result_spool import ResultSpool, SpooledResult
    from outrider.model import Assignment, LoadShare, LocationOrder, Run, RunId, WorkerLink

log = structlog.get_logger("outrider.worker")

REPORT_S: Final = 5.0
_WAIT_S: Final = 20.0
_BUSY_WAIT_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 10.0
_OFFSETS: Final = 12
_BATCH: Final = 100
_BATCH_BYTES: Final = 1 << 20
"""Results in a message, at most: one that is larger goes alone."""


class LocationWorker:
    """Works for one location until it is stopped.

    Args:
        link: To the server.
        spool: Keeps results until the server has them.
        location: Its location.
        name: What the server calls it.
        instance: Random, and the same after a restart.
        folder: For snapshots of the workspace; it holds no secret.
        drain_s: How long runs under way may take once it is to stop.
        now_us: The time of this host, microseconds UTC.
    """

    def __init__(
        self,
        link: WorkerLink,
        spool: ResultSpool,
        *,
        location: str,
        name: str,
        instance: str,
        folder: Path,
        drain_s: float = 60.0,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._link = link
        self._spool = spool
        self._location = location
        self._name = name
        self._instance = instance
        self._folder = folder
        self._drain_s = drain_s
        self._now_us = now_us
        self._lock = threading.Lock()  # guards _begun and _offsets
        self._begun: dict[RunId, LocationOrder] = {}
        self._offsets: deque[tuple[int, int]] = deque(maxlen=_OFFSETS)
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._finished = threading.Event()
        self._sharing = threading.Event()  # a share of a load is made, in a thread of its own
        self._refusal: UsageError | None = None
        self._why_away = ""
        self._runtime: WorkerRuntime | None = None
        self._retiring: list[threading.Thread] = []
        self._recorder = RetryingRecorder(_SpoolRecorder(self._keep), Health(), self._taken)

    def stop(self) -> None:
        """Take no more orders, and end once what is under way is finished; may be called by a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop` is called.

        Raises:
            UsageError: worker-version, worker-name-taken, invalid-token, broker-refused: why the worker is refused.
        """
        self._greet()
        # Nobody waits for this one at the end: it may be waiting for orders, which the server then keeps.
        threading.Thread(target=self._serve, name="orders", daemon=True).start()
        threads = [
            threading.Thread(target=self._beat, name="reports", daemon=True),
            threading.Thread(target=self._deliver, name="delivery", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            self._stopping.wait()
        finally:
            self._drain()
            for thread in threads:
                thread.join()
        if self._refusal is not None:
            raise self._refusal

    @property
    def clock_offset_us(self) -> int:
        """What is to be added to this host's clock: of the latest reports, by the one that was answered fastest."""
        with self._lock:
            return min(self._offsets, default=(0, 0))[1]

    def report(
        self,
        *,
        is_fresh: bool = False,
        returned: Sequence[HeldRun] = (),
        failed_shares: Sequence[FailedShare] = (),
    ) -> WorkerReport:
        """Return what the worker says of itself now."""
        runtime = self._runtime
        with self._lock:
            begun = tuple(HeldRun(order.run, order.lease) for order in self._begun.values())
        probes, turns = runtime.room if runtime is not None else (1, 1)  # the first order brings the workspace
        if self._sharing.is_set():
            turns = 0
        return WorkerReport(
            self._name, self._instance, version("outrider"), max(0, probes), max(0, turns),
            held=tuple(dict.fromkeys((*begun, *self._spool.held()))), returned=tuple(returned),
            clock_offset_us=self.clock_offset_us, is_fresh=is_fresh,
            failed_shares=tuple(failed_shares),
        )  # fmt: skip

    def _greet(self) -> None:
        """Say that the worker has started, and wait until the server can be reached."""
        pause_s = 1.0
        while not self._stopping.is_set():
            try:
                self._say(self.report(is_fresh=True))
            except ServerError as error:
                self._note_away(error)
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                log.info("worker.began", location=self._location, name=self._name, results=len(self._spool.held()))
                return

    def _say(self, report: WorkerReport) -> None:
        """Report, and measure by how much this host's clock differs from the server's."""
        sent_us, sent_s = self._now_us(), time.monotonic()
        answer = self._link.report(report)
        took_us = round((time.monotonic() - sent_s) * 1e6)
        if self._why_away:
            log.info("server.back")
            self._why_away = ""
        with self._lock:
            self._offsets.append((took_us, answer.now_us - sent_us - took_us // 2))

    def _note_away(self, error: ServerError) -> None:
        """Log that the server cannot be reached, when that is new."""
        if error.what != self._why_away:
            log.warning("server.away", why=error.what, fix=error.fix, results=len(self._spool.held()))
            self._why_away = error.what

    def _beat(self) -> None:
        while not self._ended.wait(REPORT_S):
            with suppress(OutriderError):  # whoever takes orders says it; leases are to be extended again and again
                self._refusable(lambda: self._say(self.report()))

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._attempt(self._work)

    def _work(self) -> None:
        """Take orders, and begin them."""
        report = self.report()
        if not report.probes and not report.turns:
            self._finished.wait(_BUSY_WAIT_S)
            self._finished.clear()
            return
        assignment = self._link.take(report, _WAIT_S if report.probes and report.turns else _BUSY_WAIT_S)
        if assignment is None:
            return
        with self._lock:
            self._begun |= {order.run: order for order in assignment.orders}
        if self._stopping.is_set():
            self._return(assignment.orders)
            self._tell_failed([FailedShare(share.id, "is about to end") for share in assignment.shares])
            return
        try:
            runtime = self._runtime_for(assignment)
            runtime.begin(assignment.orders)
            for share in assignment.shares:
                self._sharing.set()
                threading.Thread(target=self._make_share, args=[runtime, share], name="share", daemon=True).start()
        except Exception as error:  # whatever is wrong with the workspace: an order that stays here is never over
            log.warning("orders.returned", orders=len(assignment.orders), why=f"{type(error).__name__}: {error}")
            self._return(assignment.orders)
            self._tell_failed(
                [FailedShare(share.id, f"cannot load the workspace: {error}") for share in assignment.shares]
            )
            self._stopping.wait(_BUSY_WAIT_S)

    def _make_share(self, runtime: WorkerRuntime, share: LoadShare) -> None:
        """Make a share of a load, and say if it could not be made."""
        log.info("share.began", check=share.check, master=f"{share.master_host}:{share.master_port}")
        try:
            for_s = (share.until_us - self._now_us() - self.clock_offset_us) / 1_000_000
            why = runtime.make_share(share, for_s)
        except Exception as error:  # nobody waits for this thread
            log.exception("share.broken", check=share.check)
            why = f"ended: {type(error).__name__}: {error}"
        finally:
            self._sharing.clear()
            self._finished.set()
        log.info("share.ended", check=share.check, why=why)
        self._tell_failed([FailedShare(share.id, why)] if why else [])

    def _tell_failed(self, failed: Sequence[FailedShare]) -> None:
        """Say which shares are not made; if that cannot be said, the load waits for them in vain."""
        if failed:
            with suppress(OutriderError):
                self._say(self.report(failed_shares=failed))

    def _runtime_for(self, assignment: Assignment) -> WorkerRuntime:
        """Return what runs an assignment; another state of the workspace replaces the one before."""
        before = self._runtime
        if before is not None and before.fits(assignment):
            return before
        runtime = WorkerRuntime(assignment, self._link.fetch, self._folder, self._location, self._recorder)
        self._runtime = runtime
        if before is not None:
            retiring = threading.Thread(target=self._close, args=[before], name="retirement", daemon=True)
            retiring.start()
            self._retiring.append(retiring)
        return runtime

    def _close(self, runtime: WorkerRuntime) -> None:
        unfinished = runtime.close(self._drain_s)
        with self._lock:
            orders = [self._begun[run] for run in unfinished if run in self._begun]
        self._return(orders)

    def _return(self, orders: Sequence[LocationOrder]) -> None:
        """Give orders back; if that cannot be said, their leases end."""
        with self._lock:
            for order in orders:
                self._begun.pop(order.run, None)
        with suppress(OutriderError):
            self._say(self.report(returned=[HeldRun(order.run, order.lease) for order in orders]))

    def _keep(self, runs: Sequence[Run]) -> None:
        """Keep results in the spool, with times of the server's clock."""
        for run in runs:
            with self._lock:
                order = self._begun.get(run.id)
            if order is not None:
                self._spool.put(HeldRun(run.id, order.lease), on_clock(run, self.clock_offset_us))
                with self._lock:
                    self._begun.pop(run.id, None)

    def _taken(self, _runs: Sequence[Run]) -> None:
        self._finished.set()

    def _deliver(self) -> None:
        """Deliver what is in the spool, again and again while the server is away."""
        pause_s = 1.0
        while not (self._ended.is_set() and not self._spool.held()):
            try:
                self._refusable(self._deliver_waiting)
                pause_s = 1.0
            except ServerError as error:
                self._note_away(error)
                if self._ended.wait(pause_s):
                    return  # the next start delivers them
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            if self._refusal is not None:
                return
            self._finished.wait(0.2)
            self._finished.clear()

    def _deliver_waiting(self) -> None:
        batch: list[tuple[SpooledResult, bytes]] = []
        for result in self._spool.waiting():
            document = self._uploaded(result)
            if document is None:
                continue
            batch_bytes = len(document) + sum(len(before) for _, before in batch)
            if batch and (len(batch) >= _BATCH or batch_bytes > _BATCH_BYTES):
                self._hand_over(batch)
                batch = []
            batch.append((result, document))
        if batch:
            self._hand_over(batch)

    def _uploaded(self, result: SpooledResult) -> bytes | None:
        """Return the document of a result whose files the server has; None if it cannot be delivered."""
        try:
            for digest, content in self._spool.files(result):
                self._link.upload(digest, content)
            return self._spool.document(result)
        except (OSError, StoreError) as error:
            self._drop(result, str(error))
        except OutriderError as error:
            _raise_if_all(error)
            self._drop(result, error.what)
        return None

    def _hand_over(self, batch: Sequence[tuple[SpooledResult, bytes]]) -> None:
        try:
            verdicts = self._link.deliver([(result.held, document) for result, document in batch])
        except OutriderError as error:
            _raise_if_all(error)
            if len(batch) == 1:
                self._drop(batch[0][0], error.what)
            for own in batch if len(batch) > 1 else ():  # what is wrong with one must not cost the others
                self._hand_over([own])
            return
        for (result, _), verdict in zip(batch, verdicts, strict=True):
            if isinstance(verdict, UsageError):
                self._drop(result, verdict.what)
                continue
            if verdict is not Verdict.TAKEN:
                log.warning("result.not-taken", run=result.held.run, why=verdict.value)
            self._spool.remove(result)

    def _drop(self, result: SpooledResult, why: str) -> None:
        log.error("result.dropped", run=result.held.run, why=why)
        self._spool.remove(result)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            self._refusable(work)
        except ServerError as error:
            self._note_away(error)
            self._stopping.wait(_BUSY_WAIT_S)
        except OutriderError as error:
            log.warning("orders.refused", why=str(error))
            self._stopping.wait(_BUSY_WAIT_S)
        except Exception as error:  # nobody waits for this thread, and no other takes orders
            log.exception("orders.broken", error=str(error))
            self._stopping.wait(_BUSY_WAIT_S)

    def _refusable(self, work: Callable[[], None]) -> None:
        """Do some work; end if the server refuses this worker."""
        try:
            work()
        except UsageError as error:
            if error.slug not in {"worker-version", "worker-name-taken", "invalid-token", "broker-refused"}:
                raise
            self._refusal = error
            self._stopping.set()

    def _drain(self) -> None:
        log.info("worker.draining", runs=len(self._begun))
        self._link.finish()
        runtime, self._runtime = self._runtime, None
        if runtime is not None:
            self._close(runtime)
        for thread in self._retiring:
            thread.join(self._drain_s)
        self._ended.set()
        self._finished.set()


def _raise_if_all(error: OutriderError) -> None:
    """Raise what concerns all results, and not the one that was on its way."""
    if isinstance(error, ServerError) or error.slug in {"invalid-token", "broker-refused"}:
        raise error


class _SpoolRecorder:
    """What `RetryingRecorder` records in."""

    def __init__(self, keep: Callable[[Sequence[Run]], None]) -> None:
        self._keep = keep

    def record_many(self, runs: Sequence[Run]) -> None:
        """Keep runs."""
        self._keep(runs)


def on_clock(run: Run, offset_us: int) -> Run:
    """Return a run whose times are another clock's, which is ahead by so much."""
    attempts = tuple(
        replace(
            attempt,
            measurement=replace(attempt.measurement, started_us=attempt.measurement.started_us + offset_us),
        )
        for attempt in run.attempts
    )
    return replace(
        run, started_us=run.started_us + offset_us, finished_us=run.finished_us + offset_us, attempts=attempts
    )
