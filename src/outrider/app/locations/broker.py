"""A broker between a server and workers of locations: Celery on RabbitMQ.

The server puts orders into a queue for each location; workers send what they ask into the server's queue, and get each
answer in a queue of their connection. What all of it says is sealed: the broker sees who talks, and when.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from ssl import SSLError
from typing import TYPE_CHECKING, Any, Final

from outrider.app.locations.broker_address import broker_place, shown_address
from outrider.model import LEASE_US, OutriderError, ServerError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from celery import Celery
    from kombu import Connection, Queue

SERVER: Final = "outrider.server"
"""The queue of what workers ask."""

MOST_URGENT: Final = 9
PATIENCE_S: Final = 5.0
"""For how long the broker may take to accept a connection or a message."""

WAITS_S: Final = 0.75 * LEASE_US / 1e6
"""For how long an order waits in the broker."""

_AGAIN_S: Final = 1.0
_HEARTBEAT_S: Final = 10


def orders_of(location: str) -> str:
    """Return the name of the queue of a location's orders."""
    return f"outrider.orders.{location}"


def broker_app(address: str, queue: str) -> Celery:
    """Return an application of Celery that consumes one queue.

    Raises:
        UsageError: missing-extra, bad-server.
    """
    try:
        from celery import Celery  # noqa: PLC0415 - an extra
    except ImportError:
        fix = 'pip install "outrider[celery]"'
        raise UsageError("a broker needs an extra that is not installed", slug="missing-extra", fix=fix) from None
    for name in ("celery", "kombu", "amqp"):  # what they tell is told by our own log, once
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    place = broker_place(address)
    app = Celery("outrider", broker=place.url, set_as_current=False)
    app.conf.update(
        task_default_queue=queue,
        task_default_queue_type=place.queue_type,
        task_acks_late=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,  # who can write to the broker must not command workers
        worker_hijack_root_logger=False,
        broker_connection_retry=False,  # `BrokerConsumer` begins anew, and says why
        broker_connection_retry_on_startup=False,
        broker_connection_timeout=PATIENCE_S,
        broker_heartbeat=_HEARTBEAT_S,
        broker_transport_options={"confirm_publish": True},
        broker_use_ssl=place.tls,
    )
    app.conf.task_queues = [declared_queue(app, queue)]
    return app


def declared_queue(app: Celery, name: str) -> Queue:
    """Return the queue of a name as all declare it: of one kind, since RabbitMQ refuses to declare it otherwise.

    The kind is said also where it is the usual one: a virtual host may have another by default. Quorum queues take no
    number of priorities: those that have some order by the messages' own.
    """
    from kombu import Exchange, Queue  # noqa: PLC0415 - an extra

    kind = app.conf.task_default_queue_type
    urgency = None if kind == "quorum" else MOST_URGENT
    arguments = {"x-queue-type": kind}
    return Queue(name, Exchange(name, "direct"), name, max_priority=urgency, queue_arguments=arguments)


@contextmanager
def broker_errors(app: Celery) -> Iterator[None]:
    """Raise what a broker refuses, or that it cannot be reached, as errors of ours.

    Raises:
        UsageError: broker-refused: the user, its password, or the virtual host.
        ServerError: broker-unreachable, broker-tls, broker-queue.
    """
    from amqp.exceptions import (  # noqa: PLC0415 - an extra
        AccessRefused,
        AMQPError,
        NotAllowed,
        NotFound,
        PreconditionFailed,
    )
    from kombu.exceptions import KombuError  # noqa: PLC0415

    address = shown_address(app.conf.broker_url)
    try:
        yield
    except AccessRefused as error:
        fix = "look at the user, its password, and what rabbitmqctl list_permissions says"
        raise UsageError(f"the broker {address} refuses: {_why(error)}", slug="broker-refused", fix=fix) from None
    except NotAllowed as error:
        fix = "the path of the address names a virtual host: does it exist, and may the user enter it?"
        raise UsageError(f"the broker {address} refuses: {_why(error)}", slug="broker-refused", fix=fix) from None
    except NotFound:
        raise _unreachable(f"no server of Outrider was at the broker {address} yet") from None
    except PreconditionFailed as error:
        fix = "delete it (rabbitmqctl delete_queue NAME): it is declared anew, and what was in it is sent again; or "
        fix += "write the same queue_type=… into the address of the server and of all workers"
        what = f"the broker {address} has a queue of another kind: {_why(error)}"
        raise ServerError(what, slug="broker-queue", fix=fix) from None
    except (OSError, AMQPError, KombuError) as error:
        causes = (error, error.__cause__, error.__context__)
        if tls := next((cause for cause in causes if isinstance(cause, SSLError)), None):
            raise _tls_failed(address, tls) from None
        if any(isinstance(cause, TimeoutError) for cause in causes):
            what = f"the broker {address} took nothing for {PATIENCE_S:g} s"
            raise _unreachable(what, "is it out of memory or disk (rabbitmqctl status), or stopped?") from None
        raise _unreachable(f"the broker {address} cannot be reached: {_why(error)}") from None


class BrokerSender:
    """Sends messages; any thread may use it.

    Args:
        app: Of the broker.
        is_confirmed: Whether to wait until the broker has each.
    """

    def __init__(self, app: Celery, *, is_confirmed: bool = True) -> None:
        self._app = app
        self._options = {"confirm_publish": is_confirmed}
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def order(self, queue: str, arguments: Sequence[object], *, urgency: int) -> None:
        """Put an order into the queue of a location, for somewhat less than its lease: then it is published again.

        It is dropped there by the broker's clock; Celery's `expires` is a matter of the worker's, which may be wrong.

        Raises:
            UsageError: broker-refused.
            ServerError: broker-unreachable.
        """
        with self._used() as connection:
            self._app.send_task(
                ORDER, arguments, queue=declared_queue(self._app, queue), priority=urgency, expiration=WAITS_S,
                delivery_mode=1, retry=False,
                producer=self._app.amqp.Producer(connection, auto_declare=False),
                timeout=PATIENCE_S, confirm_timeout=PATIENCE_S,
            )  # fmt: skip

    def answer(self, queue: str, identity: str, body: object) -> None:
        """Put an answer into the queue of a worker; raises as `order` does."""
        with self._used() as connection, connection.Producer(serializer="json") as producer:
            producer.publish(
                body, routing_key=queue, correlation_id=identity, delivery_mode=1, retry=False,
                timeout=PATIENCE_S, confirm_timeout=PATIENCE_S,
            )  # fmt: skip

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    @contextmanager
    def _used(self) -> Iterator[Connection]:
        with self._lock, broker_errors(self._app):
            try:
                if self._connection is None:
                    self._connection = self._app.connection_for_write(heartbeat=0, transport_options=self._options)
                    self._connection.connect()
                yield self._connection
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # it may be broken already
                self._connection.collect(socket_timeout=0.5)
            self._connection = None


ORDER: Final = "outrider.order"
ASK: Final = "outrider.ask"


class BrokerConsumer:
    """Has Celery consume a queue, in a thread, and begins anew when the connection is lost.

    Args:
        app: With the task that takes messages.
        threads: How many messages are worked on at a time.
        on_state: Takes what is wrong with the broker; None when it is well.
    """

    def __init__(self, app: Celery, threads: int, on_state: Callable[[OutriderError | None], None]) -> None:
        self._app = app
        self._threads = threads
        self._on_state = on_state
        self._closing = threading.Event()
        self._worker: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to consume, if that is not so yet."""
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._consume, name="broker", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Consume no more; what was not acknowledged goes to others."""
        self._closing.set()
        if (worker := self._worker) is not None and worker.hub is not None:
            worker.hub.call_soon(_stop)
        if self._thread is not None:
            self._thread.join(2 * PATIENCE_S)

    def _consume(self) -> None:
        from kombu.asynchronous import set_event_loop  # noqa: PLC0415 - an extra

        while not self._closing.is_set():
            try:
                with broker_errors(self._app), self._app.connection_for_read() as connection:
                    connection.connect()
                    for queue in self._app.conf.task_queues:  # Celery would say of one that is refused only that it is
                        queue(connection.default_channel).declare()
                set_event_loop(None)  # a process may have more consumers than one
                self._worker = self._app.WorkController(
                    pool=_pool(), consumer_cls=_consumer(), concurrency=self._threads, hostname="outrider@worker",
                    without_gossip=True,
                    without_mingle=True, without_heartbeat=True, ready_callback=self._ready,
                )  # fmt: skip
                self._worker.start()
            except (UsageError, ServerError) as error:
                self._on_state(error)
            except Exception as error:  # nobody waits for this thread
                self._on_state(
                    _unreachable(f"the broker {shown_address(self._app.conf.broker_url)} failed: {_why(error)}")
                )
            self._closing.wait(_AGAIN_S)

    def _ready(self, _consumer: object) -> None:
        self._on_state(None)
        if self._closing.is_set():
            self._worker.hub.call_soon(_stop)


def _pool() -> Any:
    """Return Celery's pool of threads, each of which knows whose tasks it works on: a process may have more apps."""
    from celery.concurrency.thread import TaskPool  # noqa: PLC0415 - an extra

    class Pool(TaskPool):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.executor = ThreadPoolExecutor(max_workers=self.limit, initializer=self.app.set_current)

    return Pool


def _consumer() -> Any:
    """Return Celery's consumer, which makes no queues for tasks with a delay where ours are quorum queues."""
    from celery.worker.consumer import Consumer  # noqa: PLC0415 - an extra

    steps = [step for step in Consumer.Blueprint.default_steps if "DelayedDelivery" not in str(step)]
    blueprint = type("Blueprint", (Consumer.Blueprint,), {"default_steps": steps})
    return type("Consumer", (Consumer,), {"Blueprint": blueprint})


def _stop() -> None:
    from celery.exceptions import WorkerShutdown  # noqa: PLC0415 - an extra

    raise WorkerShutdown(0)


def _tls_failed(address: str, error: SSLError) -> ServerError:
    why = getattr(error, "verify_message", "") or error.reason or str(error)
    fix = "does amqps stand at this port, is its certificate for this name, and is its authority known here? "
    fix += "?ssl_ca_certs=FILE in the address names a private one"
    return ServerError(f"TLS with the broker {address} fails: {printable(why)}", slug="broker-tls", fix=fix)


def _unreachable(what: str, fix: str = "is RabbitMQ running there, and is the address right?") -> ServerError:
    return ServerError(what, slug="broker-unreachable", fix=fix)


def _why(error: BaseException) -> str:
    why = getattr(error, "reply_text", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(str(why))[:200]
