"""Alerts of a service: what is caught up after a crash, and a workspace that changes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import NOW_US, SECOND_US, Drawer, receivers
from tests.alerts.test_run_findings import make_run
from tests.builders import new_store

from outrider.alerts import AlertSettings
from outrider.alerts.alert_settings import ReceiverSettings
from outrider.alerts.route import Route
from outrider.app.alerting.alert_service import AlertService
from outrider.model import Check, CheckId, Kind, Outcome, Policy, Run, Status, new_run_id
from outrider.workspace import Capabilities, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.alerts.rendered_message import RenderedMessage
    from outrider.model import ArtifactFile
    from outrider.store import Store

SETTINGS = AlertSettings()
PAY = Check(CheckId("journey:pay"), Kind.JOURNEY, "journeys/test_pay.py", "test_pay", "pay", Policy())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


@pytest.fixture
def service(store: Store) -> Iterator[AlertService]:
    made = AlertService(store, lambda: True, catch_up_s=0.0)
    yield made
    made.close()


def stored(
    store: Store,
    number: int,
    check: str,
    outcome: Outcome = Outcome.FAILED,
    *,
    begin_us: int = NOW_US,
    artifacts: Sequence[ArtifactFile] = (),
) -> Run:
    due_us = begin_us + number * SECOND_US
    made = make_run(outcome, check, "refused", artifacts=tuple(artifacts))
    run = replace(made, id=new_run_id(due_us), due_us=due_us, started_us=due_us, finished_us=due_us + 1)
    store.runs.record(run)
    return run


def test_runs_that_come_while_others_are_caught_up_wait_for_those(service: AlertService, store: Store) -> None:
    """Thirty failures from before a crash take three ticks; what comes in between is processed after them."""
    store.incidents.mark_processed(NOW_US)
    for number in range(30):
        stored(store, number, f"journey:{number}")
    checks = [replace(PAY, id=CheckId(f"journey:{number}")) for number in range(30)]
    service.use(Workspace(root=Path(), name="t"), [PAY, *checks], SETTINGS)
    service.ticked(NOW_US + 40 * SECOND_US)
    assert store.incidents.caught_up() is not None

    for number in (41, 51):
        service.run_finished(stored(store, number, "journey:pay"), [])
    for number in (52, 53):
        assert phases(store) == []
        service.ticked(NOW_US + number * SECOND_US)
    assert phases(store) == ["open"]
    assert store.incidents.caught_up() is None

    for number in (61, 62, 63, 64, 65):
        service.run_finished(stored(store, number, "journey:pay", Outcome.PASSED), [])
    assert phases(store) != ["open"]


def phases(store: Store) -> list[str]:
    """Return the phase of each incident that is more than a suspicion."""
    return [incident.phase for incident in store.incidents.search(since_us=0) if incident.phase != "pending"]


def test_alerts_that_are_switched_off_hear_nothing(service: AlertService, store: Store) -> None:
    """And everything again once they are switched on."""
    off = Workspace(root=Path(), name="t", capabilities=replace(Capabilities(), alerts=False))
    service.use(off, [PAY], SETTINGS)
    for number in (1, 11):
        service.run_finished(stored(store, number, "journey:pay"), [])
    service.ticked(NOW_US + 12 * SECOND_US)
    assert store.incidents.search(lasting=True) == ()

    service.use(replace(off, capabilities=Capabilities()), [PAY], SETTINGS)
    service.ticked(NOW_US + 13 * SECOND_US)
    assert len(store.incidents.search(lasting=True)) == 1


class Mailbox(Drawer):
    """A receiver that lets a test wait for its first message."""

    def __init__(self) -> None:
        super().__init__()
        self.is_used = threading.Event()

    def deliver(self, rendered: RenderedMessage) -> None:
        super().deliver(rendered)
        self.is_used.set()


def test_what_opens_is_delivered_by_the_settings_of_the_workspace(store: Store) -> None:
    """A deliverer of its own works while runs are processed."""
    mailbox = Mailbox()
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", mailbox)))
    begin_us = time.time_ns() // 1000 - 60 * SECOND_US
    service = AlertService(store, lambda: True)
    service.use(Workspace(root=Path(), name="t"), [PAY], settings)
    for number in (1, 11):
        service.run_finished(stored(store, number, "journey:pay", begin_us=begin_us), [])

    for number in (58, 59, 60, 67):  # the first message waits six seconds at most for what explains it
        service.ticked(begin_us + number * SECOND_US)

    assert mailbox.is_used.wait(60)
    service.close()
    assert [row.status for row in store.outbox.search(receiver="mail")] == [Status.DELIVERED]


def test_who_begins_to_lead_again_reads_incidents_anew(store: Store) -> None:
    """Another process kept them meanwhile."""
    workspace = Workspace(root=Path(), name="t")
    former, leader = (AlertService(store, lambda: True, catch_up_s=60.0) for _ in range(2))
    for service in (former, leader):
        service.use(workspace, [PAY], SETTINGS)
        service.ticked(NOW_US)
    for number in (1, 11):
        leader.run_finished(stored(store, number, "journey:pay"), [])
    leader.ticked(NOW_US + 12 * SECOND_US)

    former.ticked(NOW_US + 13 * SECOND_US)
    open_incidents = [sum(former.open_incidents.values())]
    former.forget()
    former.ticked(NOW_US + 13 * SECOND_US)
    open_incidents.append(sum(former.open_incidents.values()))
    former.close()
    leader.close()

    assert sum(leader.open_incidents.values()) == 1
    assert open_incidents == [0, 1]
