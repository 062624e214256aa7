"""Workers behind a broker: the contract of every link, and what else can be wrong with a real RabbitMQ."""

from __future__ import annotations

import re
import signal
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from tests.app.rabbitmq_node import IS_HERE, RabbitmqNode, started
from tests.app.test_location_links import (
    NOW_US,
    PASSWORD,
    REPORT,
    SLOW,
    Server,
    given,
    server,
    test_a_late_result_of_an_older_lease_is_a_duplicate_and_an_unknown_one_is_told_apart,
    test_a_result_that_is_not_of_its_order_is_refused,
    test_a_share_of_a_load_goes_to_one_worker_that_has_room,
    test_a_worker_that_cannot_work_is_refused_with_a_message,
    test_an_order_is_made_with_what_it_needs_and_its_result_counts_once,
    test_of_several_results_each_has_its_verdict,
    test_orders_come_by_priority_and_deadline_as_far_as_there_is_room_and_time,
)
from tests.cli.conftest import CALM, Desk, site
from tests.cli.test_up import up
from tests.cli.test_worker import LOAD, LOCUSTFILE, PROFILE, worker
from tests.cli.test_worker import target as visited_site
from tests.listeners import free_port
from tests.listeners import serving as target
from tests.waiting import until

from outrider.app import add_location, open_worker
from outrider.app.locations.broker import ASK, ORDER, SERVER, broker_app, orders_of
from outrider.app.locations.broker_address import broker_address
from outrider.app.locations.broker_desk import BrokerDesk
from outrider.app.locations.broker_link import BrokerLink
from outrider.app.locations.broker_messages import framed, key_name
from outrider.app.locations.location_desk import LocationDesk
from outrider.app.locations.result_messages import packed_results
from outrider.app.locations.sealed_box import RESULTS, SealedBox, token_digest
from outrider.model import LEASE_US, HeldRun, Outcome, ServerError, UsageError
from outrider.runs import unpacked_run
from outrider.scheduler import Health

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Assignment, Caller, ReportAnswer, WorkerReport

pytestmark = [pytest.mark.skipif(not IS_HERE, reason="needs rabbitmq-server and Celery"), pytest.mark.slow]
__all__ = [
    "server",
    "site",
    "test_a_late_result_of_an_older_lease_is_a_duplicate_and_an_unknown_one_is_told_apart",
    "test_a_result_that_is_not_of_its_order_is_refused",
    "test_a_share_of_a_load_goes_to_one_worker_that_has_room",
    "test_a_worker_that_cannot_work_is_refused_with_a_message",
    "test_an_order_is_made_with_what_it_needs_and_its_result_counts_once",
    "test_of_several_results_each_has_its_verdict",
    "test_orders_come_by_priority_and_deadline_as_far_as_there_is_room_and_time",
]


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitmqNode]:
    with started() as node:
        yield node


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def desk(node: RabbitmqNode, server: Server, health: Health) -> Iterator[BrokerDesk]:
    desk = BrokerDesk(server.desk, server.store, node.url(), lambda: server.now_us, health)
    desk.start()
    yield desk
    desk.close()


class PublishedLink(BrokerLink):
    """A link whose orders are in the broker when some are asked for, as they are elsewhere."""

    desk: BrokerDesk
    server: Server

    def take(self, report: WorkerReport, wait_s: float) -> Assignment | None:
        self.report(report)
        self.desk.publish()
        is_there = self.server.store.locations.published("fra", self.server.now_us)
        return super().take(report, (20.0 if report.probes else 0.5) if is_there else wait_s)


def is_answered(link: BrokerLink) -> bool:
    """Return whether the server is there; of a worker whose name no other has."""
    with suppress(ServerError):
        link.report(REPORT)
        return True
    return False


@pytest.fixture
def link(node: RabbitmqNode, desk: BrokerDesk, server: Server) -> Iterator[PublishedLink]:
    link = PublishedLink(node.url(), server.token, "fra", "i1")
    link.desk, link.server = desk, server
    until(lambda: is_answered(link), "the server answers through the broker")
    yield link
    link.close()


def test_workers_with_the_rights_that_are_printed_measure_and_share_a_load_for_a_service(
    node: RabbitmqNode, tmp_path: Path, site: str
) -> None:
    """As it is typed, with a user of RabbitMQ that may do nothing else; a load is counted as its target counts it."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    broker = f'[locations]\nbroker = "amqp://guest@127.0.0.1:{node.port}"\n'
    desk.write("outrider.toml", CALM + LOAD.format(port=free_port()) + broker)
    desk.write("probes/visitors_load.py", LOCUSTFILE)
    desk.write("probes/a.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\nevery = "1s"\nlocations = ["ams"]\n')
    added = desk.outrider("location", "add", "ams")
    assert f"OUTRIDER_TOKEN=… outrider worker --location ams --broker amqp://ams@127.0.0.1:{node.port}" in added.stderr
    node.add_user("ams", *re.findall("'([^']+)'", added.stderr))
    with ExitStack() as stack:
        visited = stack.enter_context(visited_site())
        profile = PROFILE.replace('["fra", "ber"]', '["ams", "ams"]')
        desk.write("probes/shop.toml", profile.format(port=visited.server_address[1]))
        service = stack.enter_context(up(desk))
        service.wait_for("broker.ready")
        workers = [
            stack.enter_context(worker(tmp_path / name, "ams", added.stdout.strip(), broker=node.url("ams:ams")))
            for name in ("one", "two")
        ]
        service.wait_for('"location": "ams", "outcome": "passed"', 2)
        listed = desk.outrider("location", "list").stdout
        load = desk.json("load", "visitors", "--json")
        for process in workers:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in workers] == [0, 0]
        runs = [run["id"] for run in desk.json("runs", "--json")]
        assert service.end() == 0
    assert listed.startswith("ams: 2 live workers")
    assert load["run"]["outcome"] == "passed", load["run"]["reason"]
    assert load["endpoints"][0]["requests"] == len(visited.seen) > 10
    assert len(runs) == len(set(runs))
    assert desk.leftovers() == []


def test_what_a_broker_refuses_is_said_and_a_server_goes_on_when_it_is_put_right(
    node: RabbitmqNode, server: Server
) -> None:
    """A wrong password, a virtual host that is not there, an address that is none; nobody starts anything anew."""
    health = Health()
    desk = BrokerDesk(server.desk, server.store, node.url("late:late"), lambda: server.now_us, health)
    desk.start()
    for url, why in ((node.url("guest:wrong"), "ACCESS_REFUSED"), (node.url(host="elsewhere"), "vhost elsewhere")):
        link = BrokerLink(url, server.token, "fra", "i1")
        with pytest.raises(UsageError, match=why) as refused:
            link.report(REPORT)
        assert refused.value.slug == "broker-refused"
        assert "wrong" not in str(refused.value)
        link.close()
    for url, why in (("amqp://mq.example/", "over TLS only"), ("redis://127.0.0.1/", "no address of a broker")):
        with pytest.raises(UsageError, match=why):
            BrokerLink(url, server.token, "fra", "i1")

    until(lambda: "broker-refused" in health.problems.get("broker", ""), health.problems)
    node.add_user("late", ".*", ".*", ".*")
    until(lambda: not health.problems, health.problems)
    desk.close()


def test_a_broker_is_reached_over_tls_and_its_certificate_is_checked(
    node: RabbitmqNode, server: Server, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an authority that the address names, or the environment; what is wrong with it is told, by either side."""
    own = f"ssl_ca_certs={node.authority}"
    desk = BrokerDesk(server.desk, server.store, node.tls_url(own), lambda: server.now_us, health)
    desk.start()
    link = BrokerLink(node.tls_url(own), server.token, "fra", "i1")
    until(lambda: is_answered(link), health.problems)
    link.close()
    desk.close()

    for url, why in (
        (node.tls_url(), "self-signed certificate in certificate chain"),
        (node.tls_url(own, host="127.0.0.1"), "not valid for '127.0.0.1'"),
        (node.url().replace("amqp://", "amqps://"), "WRONG_VERSION_NUMBER"),
    ):
        link = BrokerLink(url, server.token, "fra", "i1")
        with pytest.raises(ServerError, match=why) as refused:
            link.report(REPORT)
        assert refused.value.slug == "broker-tls"
        link.close()
    for option, why in (("ssl_ca_certs=/no/file", "No such file"), ("ssl_cert_reqs=none", "means nothing")):
        with pytest.raises(UsageError, match=why):
            BrokerLink(node.tls_url(option), server.token, "fra", "i1")
    away = BrokerDesk(server.desk, server.store, node.tls_url(), lambda: server.now_us, health)
    away.start()
    until(lambda: "broker-tls" in health.problems.get("broker", ""), health.problems)
    away.close()
    monkeypatch.setenv("SSL_CERT_FILE", str(node.authority))
    app = broker_app(broker_address(node.tls_url()), SERVER)
    with app.connection_for_read() as connection:
        connection.connect()
        assert connection.connected


def test_queues_are_quorum_queues_where_the_address_says_so_and_others_are_refused(
    node: RabbitmqNode, server: Server, health: Health
) -> None:
    """Server and workers have to say the same; nothing else is made there, as for tasks with a delay."""
    node.evaluate(
        'rabbit_vhost:add(<<"cluster">>, <<"t">>), rabbit_auth_backend_internal:set_permissions('
        '<<"guest">>, <<"cluster">>, <<".*">>, <<".*">>, <<".*">>, <<"t">>).'
    )
    classic = node.url(host="cluster")
    quorum = f"{classic}?queue_type=quorum"
    desk = BrokerDesk(server.desk, server.store, quorum, lambda: server.now_us, health)
    desk.start()
    link = PublishedLink(quorum, server.token, "fra", "i1")
    link.desk, link.server = desk, server
    until(lambda: is_answered(link), health.problems)
    run = server.order()

    assert given(link, 1) == [run]
    link.close()
    other = BrokerLink(classic, server.token, "fra", "i1")
    with pytest.raises(ServerError, match=r"another kind.*outrider\.orders\.fra") as refused:
        other.take(REPORT, 60.0)
    other.close()
    desk.close()
    assert refused.value.slug == "broker-queue"
    queues = node.control("list_queues", "-p", "cluster", "name", "type").split()
    assert sorted(queues) == ["outrider.orders.fra", "outrider.server", "quorum", "quorum"]
    desk = BrokerDesk(server.desk, server.store, classic, lambda: server.now_us, health)
    desk.start()
    until(lambda: "broker-queue" in health.problems.get("broker", ""), health.problems)
    desk.close()


def test_a_broker_without_memory_takes_nothing_and_goes_on_when_it_has_some(
    node: RabbitmqNode, health: Health, link: PublishedLink, server: Server
) -> None:
    """Orders stay in the store, where they are missed if it takes too long; worker and server say why."""
    full = threading.Thread(target=node.evaluate, args=["vm_memory_monitor:set_vm_memory_high_watermark(0)."])
    full.start()
    # Orders are published for a worker that was seen a short time ago, and it takes long to tell a broker anything.
    until(lambda: not is_answered(link) and not full.is_alive())
    run = server.order()
    try:
        until(lambda: "took nothing" in health.problems.get("broker", ""), health.problems)
        with pytest.raises(ServerError, match="out of memory or disk"):
            link.report(REPORT)
    finally:
        node.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.4).")
    server.now_us += LEASE_US  # of the order that could not be published
    until(lambda: is_answered(link))

    assert given(link, 1) == [run]
    until(lambda: is_answered(link) and not health.problems, health.problems)  # an answer of before may fail late


class NotingDesk(LocationDesk):
    """A desk that notes what it is asked, in this order."""

    asked: list[str]

    def report(self, caller: Caller, report: WorkerReport) -> ReportAnswer:
        self.asked.append("report")
        return super().report(caller, report)

    def deliver(self, caller: Caller, worker: str, message: bytes) -> list[dict[str, str]]:
        self.asked.append("deliver")
        return super().deliver(caller, worker, message)


def test_a_report_is_answered_before_results_that_wait(
    node: RabbitmqNode, desk: BrokerDesk, link: PublishedLink, server: Server, health: Health
) -> None:
    """A run begins when its worker has named it; results that wait for a busy server must not keep it from that."""
    desk.close()
    app, digest = broker_app(broker_address(node.url()), SERVER), token_digest(server.token)
    box, message = SealedBox(digest, RESULTS), framed({"what": "deliver", "worker": "i1"}, packed_results([]))
    reporting = threading.Thread(target=until, args=[lambda: is_answered(link)])
    with app.connection_for_write() as connection:
        for number in range(100):
            question = [version("outrider"), "fra", key_name(digest), box.seal(message, f"fra {number}")]
            app.send_task(
                ASK, question, task_id=f"{number}", reply_to="nobody", exchange=SERVER, routing_key=SERVER,
                connection=connection,
            )  # fmt: skip
        reporting.start()
        until(lambda: connection.default_channel.queue_declare(SERVER, passive=True).message_count > 100)
    noting = NotingDesk(server.store, lambda: None, lambda: server.now_us)
    noting.asked = []
    busy = BrokerDesk(noting, server.store, node.url(), lambda: server.now_us, health)
    busy.start()
    reporting.join(60)
    until(lambda: len(noting.asked) > 100)
    busy.close()

    assert noting.asked.index("report") < 50


def test_messages_that_are_forged_or_of_another_version_change_nothing(
    node: RabbitmqNode, link: PublishedLink, server: Server
) -> None:
    """In both directions; a token that was revoked, and one of another location, open nothing either."""
    app = broker_app(broker_address(node.url()), orders_of("fra"))
    ours, key = version("outrider"), key_name(token_digest(server.token))
    run = server.order(SLOW)
    boxes: list[object] = [{key: b"x" * 40}, {}, "nothing", {key: 7}]
    orders: list[list[object]] = [[ours], ["0.0.1", boxes[0]], *([ours, box] for box in boxes)]
    questions: list[list[object]] = [[], [key, b"x" * 40], [[], 7], [key, "x"], [key, {}]]
    sent = [(orders_of("fra"), ORDER, order) for order in orders]
    sent += [(SERVER, ASK, [by, "fra", *question]) for by in (ours, "0.0.1") for question in questions]
    sent += [(SERVER, "no.such.task", [])]
    with app.connection_for_write() as connection:
        for queue, name, arguments in sent:
            app.send_task(name, arguments, exchange=queue, routing_key=queue, expiration=3.0, connection=connection)
        connection.Producer().publish(b"\x80", exchange=SERVER, routing_key=SERVER, expiration=3.0)
    other = BrokerLink(node.url(), add_location(server.store, "ams").secret, "fra", "i2")
    with pytest.raises(UsageError, match="token") as refused:
        other.report(REPORT)
    other.close()

    assert refused.value.slug == "invalid-token"
    assert given(link, 1) == [run]
    assert server.store.locations.delivered() == ()
    revoked = next(token.id for token in server.store.tokens.all() if token.scope == "fra")
    server.store.tokens.revoke(revoked, server.now_us)
    with pytest.raises(UsageError, match="token"):
        link.report(REPORT)


def test_an_order_that_comes_twice_is_made_by_the_worker_that_has_it(
    node: RabbitmqNode, link: PublishedLink, desk: BrokerDesk, server: Server
) -> None:
    """As it does when a connection breaks between the report that takes it and the acknowledgement of its message."""
    queue, run, two = orders_of("fra"), server.order(SLOW), replace(REPORT, name="two", instance="i2")
    desk.publish()
    with broker_app(broker_address(node.url()), queue).connection_for_write() as connection:
        message = connection.default_channel.basic_get(queue, no_ack=True)
        connection.default_channel.basic_publish(message, routing_key=queue)
        taken = BrokerLink.take(link, REPORT, 20.0)
        link.finish()
        connection.default_channel.basic_publish(message, routing_key=queue)
        other = BrokerLink(node.url(), server.token, "fra", "i2")
        next_run = server.order(SLOW, due_us=NOW_US + 1)
        desk.publish()
        after = other.take(two, 20.0)
        other.close()

    assert taken is not None
    assert after is not None
    assert [[order.run for order in own.orders] for own in (taken, after)] == [[run], [next_run]]
    assert server.store.locations.leased("i1", [HeldRun(run, 1)]) == {run}


def test_a_partition_loses_nothing_and_a_clock_that_is_weeks_late_expires_nothing(
    node: RabbitmqNode, server: Server, health: Health, tmp_path: Path
) -> None:
    """The broker stops while a run is under way: its result waits, sealed; so does what is due. Both arrive later."""
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))
        if len(asked) == 1:
            node.signal(signal.SIGSTOP)
        connection.sendall(b"HTTP/1.1 500 down\r\nContent-Length: 0\r\n\r\n")

    folder = tmp_path / "worker"
    with (
        target(answer) as address,
        open_worker("", server.token, "fra", broker=node.url(), folder=folder, drain_s=5.0) as worker,
    ):
        probe = f'[home]\nkind = "http"\nurl = "http://{address}/"\nlocations = ["fra"]\nretries = 0\n'
        probe += 'timeout = "1h"\nevery = "1h"\n'  # the server's clock stands still, by which a worker sets its own
        (server.root / "probes" / "shop.toml").write_text(probe + 'headers = {X-Key = "${password}"}\n')
        server.renew()
        desk = BrokerDesk(server.desk, server.store, node.url(), lambda: server.now_us, health)
        desk.start()
        run = server.order()
        thread = threading.Thread(target=worker.run)
        thread.start()
        until(lambda: any((folder / "spool").glob(f"{run}.*")))
        files = [file for kept in (folder, node.folder) for file in kept.rglob("*") if file.is_file()]
        written = b"".join(file.read_bytes() for file in files)
        due = server.order(due_us=NOW_US + 1)
        until(lambda: "broker" in health.problems, "the server knows that the broker is away")
        node.signal(signal.SIGCONT)
        until(lambda: bool(server.store.locations.delivered()))  # both may come together
        server.now_us += LEASE_US  # of the order that was not published, or is made again
        until(lambda: len(server.store.locations.delivered()) == 2)
        until(lambda: not list((folder / "spool").iterdir()))
        worker.stop()
        thread.join(60)
        desk.close()

    assert PASSWORD.encode() in asked[0]
    assert PASSWORD.encode() not in written
    assert b"status 500" not in written
    runs = {result.run: unpacked_run(result.body) for result in server.store.locations.delivered()}
    assert runs.keys() == {run, due}
    assert runs[run].outcome is Outcome.FAILED
    assert abs(runs[run].started_us - NOW_US) < 60_000_000
