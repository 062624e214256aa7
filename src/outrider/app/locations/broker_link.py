"""A worker's link to its server through a broker: Celery's worker takes its orders, and only the broker is reached."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.app.locations.broker import (
    ASK,
    MOST_URGENT,
    ORDER,
    PATIENCE_S,
    SERVER,
    BrokerConsumer,
    broker_app,
    broker_errors,
    orders_of,
)
from outrider.app.locations.broker_address import broker_address, check_encrypted
from outrider.app.locations.broker_messages import framed, key_name, unframed
from outrider.app.locations.result_messages import packed_results, read_verdicts
from outrider.app.locations.sealed_box import ORDERS, RESULTS, SealedBox, token_digest
from outrider.model import (
    Assignment,
    HeldRun,
    Kind,
    OutriderError,
    ReportAnswer,
    RunId,
    ServerError,
    UsageError,
)
from outrider.runs import from_document, read_json, to_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kombu import Connection

    from outrider.model import Verdict, WorkerReport

log = structlog.get_logger("outrider.worker")

PART_BYTES: Final = 1 << 20
ANSWER_S: Final = 10.0
_OFFERS: Final = 32
"""How many orders a worker looks at; those that it has no room for go back to the queue."""

_OFFER_S: Final = 1.0


class BrokerLink:
    """Implements `WorkerLink` by messages.

    Args:
        url: Of the broker, with the user and password of the location.
        token: Of the location, as `outrider location add` printed it.
        location: That the token is for.
        worker: Its instance.
        now_us: The time of this host, microseconds UTC.

    Raises:
        UsageError: bad-server, missing-extra.
    """

    def __init__(
        self,
        url: str,
        token: str,
        location: str,
        worker: str,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        check_encrypted(address := broker_address(url))
        self._app = broker_app(address, orders_of(location))
        self._location = location
        self._worker = worker
        self._now_us = now_us
        digest = token_digest(token)
        self._key = key_name(digest)
        self._orders, self._results = SealedBox(digest, ORDERS), SealedBox(digest, RESULTS)
        self._offers: list[_Offer] = []
        self._changed = threading.Condition()  # guards _offers, _is_claiming and _share_waits
        self._is_claiming = False  # the next to be chosen wait for that
        self._share_waits = False
        self._away: OutriderError | None = None
        self._asker, self._deliverer = _Asker(self), _Asker(self)  # what is large holds no report up
        self._app.task(self._offered, name=ORDER, shared=False)
        self._consumer = BrokerConsumer(self._app, _OFFERS, self._note)

    def report(self, report: WorkerReport) -> ReportAnswer:
        """See `WorkerLink`."""
        return self._reported(report)[0]

    def take(self, report: WorkerReport, wait_s: float) -> Assignment | None:
        """See `WorkerLink`."""
        self._consumer.start()
        if self._is_share_wanted(report):
            return self._take_share(report)
        until_s = time.monotonic() + wait_s
        while offers := self._chosen(report, until_s - time.monotonic()):
            if (assignment := self._claimed(report, offers)) is not None:
                return assignment
        if self._is_share_wanted(report):
            return self._take_share(report)
        if self._away is not None:
            raise self._away
        return None

    def _claimed(self, report: WorkerReport, offers: Sequence[_Offer]) -> Assignment | None:
        """Say that the worker has orders; return those that no other has: a message may come twice, or late."""
        orders = tuple(offer.order for offer in offers)
        held = tuple(HeldRun(order.run, order.lease) for order in orders)
        is_taken = False
        try:
            _, leased = self._reported(replace(report, held=(*report.held, *held)))
            is_taken = True
        finally:
            self._is_claiming = False
            self._decide(offers, is_taken=is_taken)
        own = tuple(order for order in orders if order.run in leased)
        return replace(offers[0].assignment, orders=own) if own else None

    def _reported(self, report: WorkerReport) -> tuple[ReportAnswer, frozenset[RunId]]:
        """Report; return the answer, and those of the runs that the report names which the worker has."""
        answer, _ = self._ask({"what": "report", "report": to_document(report)})
        with self._changed:
            self._share_waits = bool(answer["share"])
            self._changed.notify_all()
        leased = frozenset(RunId(run) for run in answer["leased"])
        return ReportAnswer(int(answer["now_us"]), str(answer["location"])), leased

    def finish(self) -> None:
        """See `WorkerLink`."""
        self._consumer.close()

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()
        self._asker.close()
        self._deliverer.close()

    def fetch(self, snapshot: str, target: Path) -> None:
        """See `WorkerLink`."""
        with target.open("wb") as file:
            total = 1
            while file.tell() < total:
                answer, content = self._ask({"what": "fetch", "snapshot": snapshot, "offset": file.tell()})
                total = int(answer["total"])
                if not content:
                    raise ServerError("the server sent a part without content", slug="server-answer")
                file.write(content)

    def upload(self, digest: str, content: bytes) -> None:
        """See `WorkerLink`."""
        state, _ = self._ask({"what": "uploaded", "digest": digest})
        while not state["stored"]:
            come = int(state["bytes"])
            asked = {"what": "upload", "digest": digest, "offset": come, "total": len(content)}
            state, _ = self._ask(asked, content[come : come + PART_BYTES])

    def deliver(self, results: Sequence[tuple[HeldRun, bytes]]) -> tuple[Verdict | UsageError, ...]:
        """See `WorkerLink`."""
        answer, _ = self._ask({"what": "deliver", "worker": self._worker}, packed_results(results))
        return read_verdicts(answer["verdicts"])

    def _note(self, problem: OutriderError | None) -> None:
        self._away = problem
        if problem is not None:
            with self._changed:
                self._changed.notify_all()

    def _offered(self, sent_by: str, sealed: Mapping[str, bytes]) -> None:
        """Take an order of the queue, or leave it to others; called by Celery, and acknowledged when it returns.

        From then on its lease says who has it: a worker that is killed is not heard of, and the server orders it anew.
        """
        from celery.exceptions import Reject  # noqa: PLC0415 - an extra

        if sent_by != version("outrider"):
            log.warning("order.refused", why=f"it is of Outrider {sent_by[:40]}: it goes to others until it expires")
            time.sleep(_OFFER_S)
            raise Reject(requeue=True)
        try:
            opened = self._orders.open(sealed.get(self._key, b""), f"{self._location} order")
            assignment = from_document(Assignment, read_json(opened))
            offer = _Offer(assignment)
        except (OutriderError, AttributeError, TypeError, ValueError) as error:
            log.warning("order.dropped", why=str(error))
            return
        with self._changed:
            self._offers.append(offer)
            self._changed.notify_all()
        while not offer.decided.wait(_OFFER_S):
            with self._changed:
                if offer in self._offers and not self._is_claiming:
                    self._offers.remove(offer)
                    raise Reject(requeue=True)
        if not offer.is_taken:
            raise Reject(requeue=True)

    def _chosen(self, report: WorkerReport, wait_s: float) -> Sequence[_Offer]:
        """Return orders that there is room for, all of one state of the workspace; waits for some, at most so long."""
        until_s = time.monotonic() + wait_s
        with self._changed:
            while not (chosen := self._fitting(report)) and (left_s := until_s - time.monotonic()) > 0:
                if self._away is not None or self._is_share_wanted(report):
                    return ()
                self._changed.wait(left_s)
            for offer in chosen:
                self._offers.remove(offer)
            self._is_claiming = bool(chosen)
            return chosen

    def _is_share_wanted(self, report: WorkerReport) -> bool:
        return self._share_waits and report.turns > 0

    def _take_share(self, report: WorkerReport) -> Assignment | None:
        """Ask for a share of a load; no queue holds one: the server knows who took it, and whether it is wanted."""
        self._share_waits = False  # until a report says so again
        answer, document = self._ask({"what": "share", "report": to_document(report)})
        return from_document(Assignment, read_json(document)) if answer["taken"] else None

    def _fitting(self, report: WorkerReport) -> Sequence[_Offer]:
        now_us = self._now_us() + report.clock_offset_us
        room = {True: report.probes, False: report.turns}
        chosen: list[_Offer] = []
        for offer in sorted(self._offers, key=lambda own: (-own.order.priority, own.order.valid_until_us)):
            is_over = offer.order.valid_until_us <= now_us  # the server says so, too, and calls it missed
            if is_over or HeldRun(offer.order.run, offer.order.lease) in report.held:  # or it was not acknowledged
                self._offers.remove(offer)
                self._decide([offer], is_taken=True)
            elif room[offer.is_probe] > 0 and (not chosen or offer.fits(chosen[0])):
                room[offer.is_probe] -= 1
                chosen.append(offer)
        return chosen

    def _decide(self, offers: Sequence[_Offer], *, is_taken: bool) -> None:
        for offer in offers:
            offer.is_taken = is_taken
            offer.decided.set()

    def _ask(self, values: Mapping[str, object], content: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Return what the server answers; raises as `WorkerLink` says."""
        identity = secrets.token_hex(16)
        about = f"{self._location} {identity}"
        sealed = self._results.seal(framed(values, content), about)
        arguments = [version("outrider"), self._location, self._key, sealed]
        if values["what"] == "report":  # leases and the beginning of runs depend on it
            answer = self._asker.ask(identity, arguments, MOST_URGENT)
        else:
            answer = self._deliverer.ask(identity, arguments)
        if "refused" in answer:  # before the message was opened
            raise self._refusal(answer["refused"])
        answered, content = unframed(self._orders.open(answer.get("sealed", b""), about))
        if "refused" in answered:
            raise self._refusal(answered["refused"])
        return answered, content

    def _refusal(self, refusal: Mapping[str, str]) -> OutriderError:
        what, slug, fix = (str(refusal.get(name, ""))[:500] for name in ("what", "slug", "fix"))
        if slug == "invalid-token":
            fix = f"on the server, outrider location add {self._location} prints one; set OUTRIDER_TOKEN to it"
        is_away = refusal.get("kind") == "away"
        return ServerError(what, slug=slug, fix=fix) if is_away else UsageError(what, slug=slug, fix=fix)


@dataclass(eq=False, slots=True)
class _Offer:
    """An order that Celery holds until the worker takes it."""

    assignment: Assignment
    decided: threading.Event = field(default_factory=threading.Event)
    is_taken: bool = False

    def __post_init__(self) -> None:
        if len(self.assignment.orders) != 1:
            raise ValueError("a message has one order")

    @property
    def order(self) -> Any:
        return self.assignment.orders[0]

    @property
    def is_probe(self) -> bool:
        return str(self.order.check).partition(":")[0] == Kind.PROBE

    def fits(self, other: _Offer) -> bool:
        """Return whether it is of the same state of the workspace."""
        return replace(self.assignment, orders=()) == replace(other.assignment, orders=())


class _Asker:
    """Sends what is asked, and waits for its answer; one thread at a time."""

    def __init__(self, link: BrokerLink) -> None:
        self._app = link._app
        self._location = link._location
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._answers: dict[str, Any] = {}
        self._queue = ""

    def ask(self, identity: str, arguments: Sequence[object], urgency: int = 0) -> dict[str, Any]:
        """Return what the server answers; the urgent is answered before what waits there."""
        with self._lock, broker_errors(self._app):
            try:
                connection = self._connected()
                self._app.send_task(
                    ASK, arguments, task_id=identity, reply_to=self._queue, exchange=SERVER, routing_key=SERVER,
                    declare=[], delivery_mode=1, priority=urgency, expiration=ANSWER_S, retry=False,
                    producer=self._app.amqp.Producer(connection, auto_declare=False),
                    timeout=PATIENCE_S, confirm_timeout=PATIENCE_S,
                )  # fmt: skip
                return self._answer(connection, identity)
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _answer(self, connection: Connection, identity: str) -> dict[str, Any]:
        until_s = time.monotonic() + ANSWER_S
        self._answers.clear()
        try:
            while identity not in self._answers:
                connection.drain_events(timeout=max(1e-3, until_s - time.monotonic()))
        except TimeoutError:
            what = f"the server did not answer through the broker within {ANSWER_S:g} s"
            fix = "is outrider up running, with this broker?"
            raise ServerError(what, slug="server-timeout", fix=fix) from None
        answer = self._answers[identity]
        return answer if isinstance(answer, dict) else {}

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._app.connection_for_write(heartbeat=0)
            self._connection.connect()
            self._queue = f"outrider.answers.{self._location}/{secrets.token_hex(8)}"
            queue = self._connection.Consumer(
                [_queue(self._queue)], callbacks=[self._come], accept=["json"], no_ack=True
            )
            queue.consume()
        return self._connection

    def _come(self, body: object, message: Any) -> None:
        self._answers[str(message.properties.get("correlation_id"))] = body

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.collect(socket_timeout=0.5)
            self._connection = None


def _queue(name: str) -> Any:
    from kombu import Queue  # noqa: PLC0415 - an extra

    return Queue(name, exclusive=True, auto_delete=True, durable=False)
