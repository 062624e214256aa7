"""The server's side of a broker: publishes what is due in locations whose workers come this way, and answers them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from outrider.app.locations.broker import (
    ASK,
    MOST_URGENT,
    SERVER,
    BrokerConsumer,
    BrokerSender,
    broker_app,
    orders_of,
)
from outrider.app.locations.broker_link import PART_BYTES
from outrider.app.locations.broker_messages import framed, key_name, unframed
from outrider.app.locations.location_desk import DeskRecords
from outrider.app.locations.sealed_box import ORDERS, RESULTS, ForgedMessage, SealedBox
from outrider.model import (
    ALIVE_US,
    BROKER,
    Caller,
    Kind,
    OutriderError,
    StoreError,
    TokenKind,
    UsageError,
    WorkerReport,
)
from outrider.runs import from_document, to_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from outrider.app.locations.location_desk import LocationDesk
    from outrider.model import AccessToken, Assignment, LocationOrder, TokenLog
    from outrider.scheduler import Health

log = structlog.get_logger("outrider.locations")

_LOOK_S: Final = 0.1
_THREADS: Final = 8
_PROBES: Final = 100
_TURNS: Final = 2
"""How many orders wait in the broker for each live worker; the rest waits in the store, where their order is right."""


class BrokerRecords(DeskRecords, Protocol):
    """What orders, results and tokens are kept in."""

    @property
    def tokens(self) -> TokenLog:
        """Tokens."""
        ...


class BrokerDesk:
    """Serves workers through a broker, by what serves them over HTTPS; several processes of one store may do so.

    Args:
        desk: Gives orders, and takes results.
        records: Where they are kept.
        address: Of the broker.
        now_us: The time, microseconds UTC.
        health: Is told what is wrong with the broker.

    Raises:
        UsageError: missing-extra.
    """

    def __init__(
        self, desk: LocationDesk, records: BrokerRecords, address: str, now_us: Callable[[], int], health: Health
    ) -> None:
        self._desk = desk
        self._records = records
        self._now_us = now_us
        self._health = health
        app = broker_app(address, SERVER)

        def asked(task: Any, *sent: Any) -> None:  # Celery binds functions only
            self._asked(task.request, *sent)

        app.task(asked, name=ASK, bind=True, shared=False)
        self._orders, self._answers = BrokerSender(app), BrokerSender(app, is_confirmed=False)
        self._consumer = BrokerConsumer(app, _THREADS, self._note)
        self._seeing = threading.Lock()  # guards _seen_s
        self._seen_s: dict[tuple[str, str], float] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="orders", daemon=True)
        self._packing = threading.Lock()  # guards _archive
        self._archive: tuple[str, Path] | None = None

    def start(self) -> None:
        """Serve from now on, or as soon as the broker is there."""
        self._consumer.start()
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._closing.set()
        self._consumer.close()
        if self._thread.is_alive():
            self._thread.join(30)
        self._orders.close()
        self._answers.close()
        self._health.well("broker")
        if self._archive is not None:
            self._archive[1].unlink(missing_ok=True)

    def publish(self) -> int:
        """Put what waits for workers that come this way into their queues; return how many orders.

        Raises:
            OutriderError: If the store or the broker does not take it: leases end soon, and it is published again.
        """
        live = self._live()
        places = self._desk.waiting_places() if live else frozenset()
        return sum(self._publish_in(location, live[location]) for location in sorted(places & live.keys()))

    def _publish_in(self, location: str, workers: int) -> int:
        queued = self._records.locations.published(location, self._now_us())
        probes = sum(str(entry.check).startswith(f"{Kind.PROBE}:") for entry in queued)
        room = WorkerReport(
            "", BROKER, version("outrider"),
            probes=max(0, _PROBES * workers - probes), turns=max(0, _TURNS * workers - len(queued) + probes),
        )  # fmt: skip
        keys = {key_name(token.digest): SealedBox(token.digest, ORDERS) for token in self._tokens(location)}
        assignment = self._desk.take(Caller(location, ""), room, with_shares=False) if keys else None
        if assignment is None:
            return 0
        for order in assignment.orders:
            document = _document(replace(assignment, orders=(order,)))
            sealed = {name: box.seal(document, f"{location} order") for name, box in keys.items()}
            self._orders.order(orders_of(location), [version("outrider"), sealed], urgency=_urgency(order))
        return len(assignment.orders)

    def _publish(self) -> None:
        while not self._closing.wait(_LOOK_S):
            try:
                if self.publish():
                    self._health.well("broker")
            except StoreError as error:
                log.warning("location.store", why=error.what)
            except OutriderError as error:
                self._note(error)
                self._closing.wait(1.0)
            except Exception as error:  # nobody waits for this thread
                log.exception("location.broken", error=str(error))
                self._closing.wait(1.0)

    def _live(self) -> Counter[str]:
        """Return how many workers of each location came this way a short time ago."""
        oldest_s = time.monotonic() - ALIVE_US / 1e6
        with self._seeing:
            self._seen_s = {worker: seen_s for worker, seen_s in self._seen_s.items() if seen_s >= oldest_s}
            return Counter(location for location, _ in self._seen_s)

    def _note(self, problem: OutriderError | None) -> None:
        if problem is None:
            log.info("broker.ready")
            self._health.well("broker")
        else:
            self._health.wrong("broker", str(problem))

    def _asked(self, request: Any, sent_by: str, location: str, key: str, sealed: bytes) -> None:
        """Answer a message; called by Celery."""
        identity, queue = str(request.id), str(request.reply_to)
        try:
            answer = self._answer(sent_by, location, key, sealed, identity)
        except ForgedMessage as error:
            log.warning("location.refused", location=str(location)[:80], why=error.what, slug=error.slug)
            return
        try:
            self._answers.answer(queue, identity, answer)
        except OutriderError as error:
            self._note(error)
        else:
            self._health.well("broker")

    def _answer(self, sent_by: str, location: str, key: str, sealed: bytes, identity: str) -> dict[str, object]:
        ours = version("outrider")
        if sent_by != ours:
            what = f"the worker has Outrider {str(sent_by)[:40]}, and the server {ours}"
            fix = f"install the same on both: pip install outrider=={ours}"
            return {"refused": {"what": what, "slug": "worker-version", "fix": fix}}
        token = next((token for token in self._tokens(location) if key_name(token.digest) == key), None)
        if token is None:
            return {"refused": {"what": f"the token is none of {str(location)[:80]}", "slug": "invalid-token"}}
        about = f"{location} {identity}"
        asked, content = unframed(SealedBox(token.digest, RESULTS).open(sealed, about))
        try:
            values, content = self._serve(Caller(location, token.digest), asked, content)
        except StoreError as error:
            values, content = {"refused": {"what": error.what, "slug": error.slug, "kind": "away"}}, b""
        except OutriderError as error:
            log.warning("location.refused", location=location, why=error.what, slug=error.slug)
            values, content = {"refused": {"what": error.what, "slug": error.slug, "fix": error.fix}}, b""
        return {"sealed": SealedBox(token.digest, ORDERS).seal(framed(values, content), about)}

    def _serve(self, caller: Caller, asked: Mapping[str, Any], content: bytes) -> tuple[Mapping[str, object], bytes]:
        match asked:
            case {"what": "report" | "share" as what, "report": document}:
                serve = self._report if what == "report" else self._share
                return serve(caller, from_document(WorkerReport, document))
            case {"what": "fetch", "snapshot": str(digest), "offset": int(offset)}:
                return self._part(digest, offset)
            case {"what": "uploaded", "digest": str(digest)}:
                is_stored = self._desk.holds(digest)
                return {"stored": is_stored, "bytes": 0 if is_stored else self._desk.uploaded(caller, digest)}, b""
            case {"what": "upload", "digest": str(digest), "offset": int(offset), "total": int(total)}:
                if self._desk.holds(digest):
                    return {"stored": True, "bytes": 0}, b""
                come = self._desk.upload(caller, digest, offset, content, total)
                return {"stored": come == total, "bytes": come}, b""
            case {"what": "deliver", "worker": str(worker)}:
                return {"verdicts": self._desk.deliver(caller, worker, content)}, b""
        raise UsageError("the server does not know this request", slug="bad-message")

    def _report(self, caller: Caller, report: WorkerReport) -> tuple[Mapping[str, object], bytes]:
        answer = self._desk.report(caller, report)
        with self._seeing:
            self._seen_s[caller.location, report.instance] = time.monotonic()
        shares = self._records.load_shares.waiting_places(answer.now_us)
        leased = self._records.locations.leased(report.instance, report.held)
        values = {"share": caller.location in shares, "leased": sorted(leased)}
        return {"now_us": answer.now_us, "location": answer.location, **values}, b""

    def _share(self, caller: Caller, report: WorkerReport) -> tuple[Mapping[str, object], bytes]:
        """Give a share of a load, with or without orders, as over HTTPS."""
        assignment = self._desk.take(caller, report)
        return {"taken": assignment is not None}, b"" if assignment is None else _document(assignment)

    def _part(self, digest: str, offset: int) -> tuple[Mapping[str, object], bytes]:
        """Return a part of the archive of a snapshot; the latest archive is kept for the parts after it."""
        with self._packing:
            if self._archive is None or self._archive[0] != digest:
                packed = self._desk.pack(digest)
                if self._archive is not None:
                    self._archive[1].unlink(missing_ok=True)
                self._archive = digest, packed
            with self._archive[1].open("rb") as file:
                file.seek(max(0, offset))
                return {"total": self._archive[1].stat().st_size}, file.read(PART_BYTES)

    def _tokens(self, location: str) -> tuple[AccessToken, ...]:
        now_us = self._now_us()
        return tuple(
            token
            for token in self._records.tokens.all()
            if token.kind is TokenKind.WORKER and token.scope == location and token.is_valid(now_us)
        )


def _document(assignment: Assignment) -> bytes:
    return json.dumps(to_document(assignment)).encode()


def _urgency(order: LocationOrder) -> int:
    """Return the priority of a message: what somebody asked for first, then by the check's own, then short periods."""
    if order.priority > 100:
        return MOST_URGENT
    valid_s = (order.valid_until_us - order.due_us) / 1e6
    shortness = sum(valid_s <= limit_s for limit_s in (60.0, 300.0, 3600.0))
    return shortness + (order.priority >= 0) + 4 * (order.priority > 0)
