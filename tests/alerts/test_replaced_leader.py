"""A leader that was stopped and replaced tells nobody of what another process has told, on a real PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from tests.alerts.conftest import NOW_US, SECOND_US, Drawer, receivers, symptom
from tests.alerts.test_delivery import Clock, lane, row, statuses
from tests.alerts.test_run_findings import make_run
from tests.store.contract.postgresql_server import IS_HERE, started

from outrider.alerts import AlertProcessor, AlertSettings, Lane
from outrider.alerts.alert_settings import ReceiverSettings
from outrider.alerts.route import Route
from outrider.app.alerting.alert_service import AlertService
from outrider.baselines import Settings
from outrider.model import Check, CheckId, Kind, NotLeading, Outcome, Policy, Status, StoreError, new_run_id
from outrider.runs import Judge
from outrider.store import Store
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.model import Outbox

pytestmark = pytest.mark.skipif(not IS_HERE, reason="PostgreSQL is not installed")

FAILURES = 30
_END_ONE_CLIENT = (
    "CREATE SEQUENCE updates",
    """CREATE FUNCTION end_client() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('updates') = {update} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$""",
    "CREATE TRIGGER end_client BEFORE UPDATE ON notifications FOR EACH ROW EXECUTE FUNCTION end_client()",
)
"""Ends a client that updates a notification, within its transaction, as another process does to one that is stopped."""


@pytest.fixture(scope="module")
def databases() -> Iterator[Callable[[], Any]]:
    with started() as server:
        yield server.empty_database


@pytest.fixture
def url(databases: Callable[[], Any]) -> Iterator[str]:
    with databases() as address:
        yield address


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with Store.open(url, artifacts=tmp_path / "artifacts") as opened:
        yield opened


def end_client_at(url: str, update: int) -> None:
    """Let the server end the connection that makes the nth update of a notification."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in _END_ONE_CLIENT:
            connection.execute(text(statement.format(update=update)))
    engine.dispose()


def record_failures(store: Store) -> None:
    """Record a failure of each of several checks."""
    for number in range(FAILURES):
        due_us = NOW_US + number * SECOND_US
        failed = make_run(Outcome.FAILED, f"probe:{number}", "refused")
        store.runs.record(replace(failed, id=new_run_id(due_us), due_us=due_us, started_us=due_us, finished_us=due_us))


class Replaced:
    """The outbox of a leader that is replaced as soon as its connection is lost."""

    def __init__(self, outbox: Outbox, replace_leader: Callable[[], object]) -> None:
        self._outbox = outbox
        self._replace_leader = replace_leader

    def take(self, notification_id: str, until_us: int) -> bool:
        try:
            return self._outbox.take(notification_id, until_us)
        except NotLeading:
            raise
        except StoreError:
            self._replace_leader()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)


def test_who_lost_its_connection_while_it_was_stopped_does_not_send_what_the_next_leader_sent(
    store: Store, url: str
) -> None:
    """Its transaction is ended by the server; what it was about to send is taken again, which is no longer its own."""
    store.outbox.add(row(1))
    store.schedule.lead("ada", 0, None)
    end_client_at(url, 1)
    adas, bobs = Drawer(), Drawer()

    def replace_leader() -> None:
        store.schedule.lead("bob", 1, store.schedule.leadership())
        lane(store.led_by("bob"), bobs).work()

    outbox: Any = Replaced(store.led_by("ada").outbox, replace_leader)
    with pytest.raises(NotLeading):
        Lane(ReceiverSettings("mail", adas), outbox, now_us=Clock(), jitter=lambda: 1.0).work()

    assert ([sent.id for sent in adas.delivered], [sent.id for sent in bobs.delivered]) == ([], ["n1"])


def test_who_loses_its_connection_after_it_sent_notes_that_at_once(store: Store, url: str) -> None:
    """The next leader would send it again, a minute later."""
    store.outbox.add(row(1))
    store.schedule.lead("ada", 0, None)
    end_client_at(url, 2)
    drawer = Drawer()

    lane(store.led_by("ada"), drawer).work()

    assert [sent.id for sent in drawer.delivered] == ["n1"]
    assert statuses(store) == [Status.DELIVERED]


def test_what_waited_when_a_process_led_before_is_not_processed_when_it_leads_again(store: Store) -> None:
    """A location that had no worker then has one by now, and the incident of it would be told of again."""
    check = Check(CheckId("probe:home"), Kind.PROBE, "p.toml", "home", "home", Policy(locations=("fra",)))
    store.incidents.mark_processed(NOW_US)
    record_failures(store)
    now_us = NOW_US + 40 * SECOND_US

    with closing(AlertService(store, lambda: True, catch_up_s=0.0)) as service:
        service.use(Workspace(root=Path(), name="t"), [check], AlertSettings())
        service.ticked(now_us)
        service.locations_seen({"fra": "no worker has been seen"}, [], now_us)
        assert store.incidents.caught_up() is not None
        service.forget()  # another process leads, and then this one again
        while store.incidents.caught_up() is not None:
            now_us += SECOND_US
            service.ticked(now_us)
        service.locations_seen({}, ["fra"], now_us)

    assert [own.id for own in store.incidents.search(since_us=0) if "location:fra" in own.state] == []


def test_what_a_leader_did_not_tell_is_told_by_the_next_however_late(store: Store) -> None:
    """It ended before the leader was lost, and the next one begins when it would not be opened again any more."""
    mailed = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", Drawer())))
    lost = AlertProcessor(store, mailed, NOW_US)
    lost.process_findings([symptom(present=True, at_us=NOW_US + at * SECOND_US) for at in (1, 11)], NOW_US)
    lost.ticked(NOW_US + 60 * SECOND_US)
    well = [symptom(present=False, at_us=NOW_US + at * SECOND_US) for at in (71, 81, 91)]
    lost.process_findings(well, NOW_US + 91 * SECOND_US)

    later_us = NOW_US + 91 * SECOND_US + 2 * mailed.stability.reopen_us
    AlertProcessor(store, mailed, later_us).ticked(later_us)

    assert [notification.kind for notification in store.outbox.search(limit=None)] == ["trigger", "resolved"]


def test_what_threads_still_look_up_for_a_replaced_leader_is_not_written(store: Store) -> None:
    """It leads again, and what it knew of before is old: what it had not written yet was told by another one."""
    mailed = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", Drawer())))
    store.schedule.lead("ada", 0, None)
    former = AlertProcessor(store.led_by("ada"), mailed, NOW_US)
    former.process_findings([symptom(present=True, at_us=NOW_US + SECOND_US)], NOW_US + SECOND_US)
    store.schedule.lead("bob", 1, store.schedule.leadership())
    with pytest.raises(NotLeading):
        former.process_findings([symptom(present=True, at_us=NOW_US + 11 * SECOND_US)], NOW_US + 11 * SECOND_US)
    store.schedule.lead("ada", 2, store.schedule.leadership())
    before = store.incidents.state(0)

    former.retire()
    former.ticked(NOW_US + 60 * SECOND_US)

    assert store.incidents.state(0) == before
    assert store.outbox.search() == ()
    assert store.incidents.processed_us() is None


def test_who_is_replaced_while_it_catches_up_leaves_the_rest_to_the_next(store: Store) -> None:
    """What it wrote no more is not marked as caught up."""
    store.incidents.mark_processed(NOW_US)
    record_failures(store)
    judge = Judge(store, Settings())
    former, following = (AlertProcessor(store, AlertSettings(), NOW_US + 40 * SECOND_US) for _ in range(2))
    batches = former.catch_up_in_batches(judge, NOW_US + 40 * SECOND_US)
    next(batches)

    former.retire()
    assert list(batches) == []
    following.catch_up(judge, NOW_US + 40 * SECOND_US)

    failing = [own for own in store.incidents.state(0).watches if own.subject.startswith("failure|")]
    assert len(failing) == FAILURES
