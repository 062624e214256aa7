"""Workers behind a broker: the contract of every link, and what else can be wrong with a real RabbitMQ."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.app.rabbitmq_node import IS_HERE, RabbitmqNode, started
from tests.app.test_location_links import (
    REPORT,
    Server,
    server,
    test_a_late_result_of_an_older_lease_is_a_duplicate_and_an_unknown_one_is_told_apart,
    test_a_result_that_is_not_of_its_order_is_refused,
    test_a_worker_that_cannot_work_is_refused_with_a_message,
    test_an_order_is_made_with_what_it_needs_and_its_result_counts_once,
    test_orders_come_by_priority_and_deadline_as_far_as_there_is_room_and_time,
)
from tests.cli.conftest import CALM, Desk, site
from tests.cli.test_up import up
from tests.waiting import until

from outrider.app.broker_desk import BrokerDesk
from outrider.app.broker_link import BrokerLink
from outrider.model import ServerError
from outrider.scheduler import Health

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Assignment, WorkerReport

pytestmark = pytest.mark.skipif(not IS_HERE, reason="needs rabbitmq-server and Celery")
__all__ = [
    "server",
    "site",
    "test_a_late_result_of_an_older_lease_is_a_duplicate_and_an_unknown_one_is_told_apart",
    "test_a_result_that_is_not_of_its_order_is_refused",
    "test_a_worker_that_cannot_work_is_refused_with_a_message",
    "test_an_order_is_made_with_what_it_needs_and_its_result_counts_once",
    "test_orders_come_by_priority_and_deadline_as_far_as_there_is_room_and_time",
]


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitmqNode]:
    with started() as node:
        yield node


@pytest.fixture
def desk(node: RabbitmqNode, server: Server) -> Iterator[BrokerDesk]:
    desk = BrokerDesk(server.desk, server.store, node.url(), lambda: server.now_us, Health())
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


def test_a_worker_with_the_rights_that_are_printed_measures_for_a_service(
    node: RabbitmqNode, tmp_path: Path, site: str
) -> None:
    """As it is typed, with a user of RabbitMQ that may do nothing else; both end by SIGTERM."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + f'[locations]\nbroker = "amqp://guest@127.0.0.1:{node.port}"\n')
    desk.write("probes/a.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\nevery = "1s"\nlocations = ["ams"]\n')
    added = desk.outrider("location", "add", "ams")
    node.add_user("ams", *re.findall("'([^']+)'", added.stderr))
    command = [sys.executable, "-m", "outrider", "worker", "--location", "ams", "--folder", str(tmp_path / "worker")]
    environment = {**os.environ, "OUTRIDER_TOKEN": added.stdout.strip(), "OUTRIDER_BROKER": node.url("ams:ams")}
    with up(desk) as service, (tmp_path / "worker.log").open("wb") as log:
        service.wait_for("broker.ready")
        worker = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
        try:
            service.wait_for('"location": "ams", "outcome": "passed"', 2)
            listed = desk.outrider("location", "list").stdout
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        finally:
            worker.kill()
            worker.wait(60)
        runs = [run["id"] for run in desk.json("runs", "--json")]
        assert service.end() == 0
    assert listed.startswith("ams: 1 live worker")
    assert len(runs) == len(set(runs))
    assert desk.leftovers() == []
