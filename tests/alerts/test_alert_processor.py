"""From a stored run to a mail, through the store, as whoever makes runs uses it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import NOW_US, SECOND_US, receivers
from tests.alerts.test_run_findings import make_run

from outrider.alerts import (
    AlertProcessor,
    AlertSettings,
    Deliverer,
    Health,
    ReceiverSettings,
    headline,
    read_incident,
)
from outrider.alerts.alert_settings import Budget
from outrider.alerts.burn_rate import Burn
from outrider.alerts.delivery import Lane
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.route import Route
from outrider.baselines import Settings
from outrider.model import (
    Acknowledgement,
    CheckId,
    Circumstances,
    Outcome,
    Run,
    Sample,
    Silence,
    StoreError,
    new_run_id,
)
from outrider.runs import Judge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import Drawer
    from tests.mail_server import Inbox

    from outrider.store import Store


def settings(drawer: Drawer | None = None) -> AlertSettings:
    result = receivers(ReceiverSettings("mail", drawer)) if drawer else {}
    return AlertSettings(route=Route(receivers=("mail",)), receivers=result)


def stored(store: Store, outcome: Outcome, at_s: int, check: str = "journey:pay") -> Run:
    due_us = NOW_US + at_s * SECOND_US
    run = replace(make_run(outcome, check, "" if outcome is Outcome.PASSED else "refused"), id=new_run_id(due_us),
                  due_us=due_us, started_us=due_us, finished_us=due_us + 1)  # fmt: skip
    store.runs.record(run)
    return run


def test_two_failures_reach_a_mailbox(store: Store, inbox: Inbox) -> None:
    """With a real mail server, and its end as well."""
    mail = Mail(inbox.server, "outrider@shop.example", ("ops@shop.example",))
    chosen = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(ReceiverSettings("mail", mail)))
    alerting = AlertProcessor(store, chosen, NOW_US, workspace="shop")
    lane = Lane(chosen.receivers["mail"], store.outbox, now_us=lambda: NOW_US + 100 * SECOND_US)

    for at_s, outcome in enumerate([Outcome.FAILED] * 2 + [Outcome.PASSED] * 3):
        alerting.process_run(stored(store, outcome, at_s * 10), [])
        alerting.ticked(NOW_US + (at_s * 10 + 5) * SECOND_US)
        lane.work()

    assert [mail["Subject"] for mail in inbox.mails] == [
        "[shop] critical: pay fails: refused, since 08:00",
        "[shop] resolved after 40 s: pay (was: refused)",
    ]
    first, last = inbox.mails
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
    assert "last release: 2.1" in first.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_lasting_incident_says_when_it_was_bad_last_and_shows_that_run(store: Store) -> None:
    """Other processes read it from the store; runs that follow fast write it each ten seconds."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    seen = []
    for at_s in (0, 10, 300, 301, 302, 600):
        run = stored(store, Outcome.FAILED, at_s)
        alerting.process_run(run, [])
        [own] = store.incidents.search() or [None]
        incident = read_incident(own) if own is not None else None
        seen.append(incident and ((incident.last_bad_us - NOW_US) // SECOND_US, incident.lead.run == run.id))

    assert seen[1:] == [(10, True), (300, True), (300, False), (300, False), (600, True)]


def test_a_transition_and_its_notification_are_written_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written comes with the next changes."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    alerting.process_run(stored(store, Outcome.FAILED, 0), [])
    alerting.process_run(stored(store, Outcome.FAILED, 10), [])

    with monkeypatch.context() as patch:

        def full(_: object) -> None:
            raise StoreError("there is no room left", slug="store-full")

        patch.setattr(store.incidents, "record", full)
        with pytest.raises(StoreError):
            alerting.ticked(NOW_US + 20 * SECOND_US)
    assert store.outbox.search() == ()
    alerting.ticked(NOW_US + 21 * SECOND_US)

    assert len(store.outbox.search()) == 1


def test_another_process_acknowledges_and_silences_through_the_store(store: Store) -> None:
    """Nobody but the tracker writes incidents."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    for at_s in (0, 10):
        alerting.process_run(stored(store, Outcome.FAILED, at_s), [])
    (incident,) = store.incidents.search(lasting=True)

    store.incidents.acknowledge(Acknowledgement(incident.id, NOW_US, "acknowledge", "ada"))
    store.silences.record(Silence("s", NOW_US, NOW_US + 3600 * SECOND_US, ("check=journey:pay",), "ada", ""))
    alerting.ticked(NOW_US + 20 * SECOND_US)

    (incident,) = store.incidents.search(lasting=True)
    assert read_incident(incident).acknowledged_by == "ada"
    assert store.incidents.acknowledgements() == ()
    assert store.outbox.search() == ()


def test_what_is_paused_through_the_store_notifies_nobody(store: Store) -> None:
    """Pages and command lines pause; the processor sees it when it looks next."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    for at_s in (0, 10):
        alerting.process_run(stored(store, Outcome.FAILED, at_s), [])

    store.schedule.pause(CheckId("journey:pay"), NOW_US, "moving house")
    alerting.ticked(NOW_US + 20 * SECOND_US)

    (incident,) = store.incidents.search(lasting=True)
    assert read_incident(incident).paused == "its checks are paused: moving house"
    assert store.outbox.search() == ()


def test_what_was_stored_and_not_heard_before_a_crash_is_heard_after_it(store: Store) -> None:
    """Hearing it twice changes nothing."""
    first = AlertProcessor(store, settings(), NOW_US)
    first.ticked(NOW_US)
    first.process_run(stored(store, Outcome.FAILED, 1), [])
    stored(store, Outcome.FAILED, 11)
    judge = Judge(store, Settings())

    again = AlertProcessor(store, settings(), NOW_US + 30 * SECOND_US)
    again.catch_up(judge, NOW_US + 30 * SECOND_US)
    again.catch_up(judge, NOW_US + 30 * SECOND_US)
    again.ticked(NOW_US + 40 * SECOND_US)

    (incident,) = store.incidents.search(lasting=True)
    assert (incident.phase, len(store.outbox.search())) == ("open", 1)


@pytest.mark.slow
def test_catching_up_goes_on_where_it_was_interrupted(store: Store) -> None:
    """A hundred failing checks, and another crash after the first batch: what was processed is not processed again."""
    AlertProcessor(store, settings(), NOW_US).ticked(NOW_US)
    for number in range(100):
        stored(store, Outcome.FAILED, number, f"journey:{number}")
    now_us = NOW_US + 200 * SECOND_US
    judge = Judge(store, Settings())
    first = next(AlertProcessor(store, settings(), now_us).catch_up_in_batches(judge, now_us))
    late = stored(store, Outcome.FAILED, 1, "journey:late")  # due before the crash, and stored after it
    store.runs.record(replace(late, id=new_run_id(late.due_us), finished_us=now_us + 1))

    *_, rest = AlertProcessor(store, settings(), now_us).catch_up_in_batches(judge, now_us)

    assert first < 100
    assert rest == 100 - (first - 1) + 1
    assert AlertProcessor(store, settings(), now_us).catch_up(judge, now_us + 1) > 0
    assert store.incidents.caught_up() is None


def test_a_dead_channel_is_an_incident_of_its_own(store: Store) -> None:
    """It goes to whom its route leads; it ends with the first message that gets through."""
    alerting = AlertProcessor(store, settings(), NOW_US)

    alerting.ticked(NOW_US, [Health("chat", True, "it is down"), Health("mail", False)])
    alerting.ticked(NOW_US + 5 * SECOND_US, [Health("chat", True, "it is down")])
    (row,) = store.outbox.search()
    alerting.ticked(NOW_US + 400 * SECOND_US, [Health("chat", False)])

    assert "receiver chat takes no messages: it is down" in row.message
    assert [incident.phase for incident in store.incidents.search(since_us=0)] == ["resolved"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_budget_that_burns_is_trouble_though_it_is_never_two_of_three(store: Store, restarts: bool) -> None:
    """One in five fails; a service that starts again goes on counting."""
    budget = Budget((parse_matcher("check=journey:pay"),), 0.99)
    alerting = AlertProcessor(store, replace(settings(), budgets=(budget,)), NOW_US)

    for number in range(30):
        if restarts:
            alerting = AlertProcessor(store, replace(settings(), budgets=(budget,)), NOW_US)
        outcome = Outcome.FAILED if number % 5 == 4 else Outcome.PASSED
        alerting.process_run(stored(store, outcome, number * 60), [])

    (incident,) = [incident for incident in store.incidents.search(lasting=True) if incident.phase == "open"]
    assert headline(read_incident(incident)).startswith("pay burns its error budget: ")


def test_an_early_warning_of_a_certificate_uses_up_no_budget() -> None:
    """The target works, though each of its runs fails."""
    burn = Burn((Budget((), 0.99),))
    days, why = (Sample("", "certificate_days", 7.0),), {"failed_for": "certificate_days"}
    run = make_run(Outcome.FAILED, samples=days, attributes=why)

    burning = [burn.seen(replace(run, due_us=NOW_US + at_s * SECOND_US), {})[0].present for at_s in range(30)]

    assert burning == [False] * 30


def test_a_missed_run_is_trouble_of_coverage(store: Store) -> None:
    """Missing data is data."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    for at_s in (0, 10):
        alerting.process_run(
            replace(make_run(Outcome.MISSED, reason="the queue is full"), due_us=NOW_US + at_s * SECOND_US), []
        )

    (incident,) = store.incidents.search(lasting=True)
    assert headline(read_incident(incident)) == "pay did not run: the queue is full"
    assert read_incident(incident).lead.what == "the queue is full"


def test_a_short_gap_that_is_one_record_opens_an_incident_of_coverage(store: Store) -> None:
    """Ten runs that were missed within one hour are ten, however they are recorded."""
    alerting = AlertProcessor(store, settings(), NOW_US)

    alerting.process_run(replace(make_run(Outcome.MISSED, reason="the queue is full"), due_count=10), [])

    (incident,) = store.incidents.search(lasting=True)
    assert incident.phase == "open"


def test_a_deliverer_delivers_in_its_own_threads(store: Store, drawer: Drawer, tmp_path: Path) -> None:
    """And what is left stays in the outbox."""
    import threading
    import time

    got = threading.Event()
    chosen = settings(drawer)
    now_us = time.time_ns() // 1000
    alerting = AlertProcessor(store, chosen, now_us)

    class Noticing(type(drawer)):  # type: ignore[misc]
        def deliver(self, rendered: object) -> None:
            got.set()

    chosen = replace(chosen, receivers=receivers(ReceiverSettings("mail", Noticing())))
    with Deliverer(chosen, store.outbox) as deliverer:
        for at_s in (0, 1):
            run = replace(make_run(Outcome.FAILED, reason="refused"), due_us=now_us + at_s)
            alerting.process_run(run, [], now_us=now_us)
        alerting.ticked(now_us + 4 * SECOND_US, deliverer.health())
        (row,) = store.outbox.search()
        store.outbox.update(replace(row, due_us=0))

        assert got.wait(20)
    assert not any(channel.is_dead for channel in deliverer.health())


@pytest.mark.parametrize(("first", "present"), [(Outcome.PASSED, True), (Outcome.FAILED, False)])
def test_a_script_error_after_a_pass_of_the_same_snapshot_opens_an_incident_of_the_target(
    store: Store, first: Outcome, present: bool
) -> None:
    """The store knows whether the script passed before as it is; without that it is Outrider's own keepers who hear."""
    alerting = AlertProcessor(store, settings(), NOW_US)
    same = Circumstances(release="2.1", snapshot="5eed")
    raised = {"attributes": {"raised": "by the script"}}

    for at_s, outcome in enumerate([first, Outcome.SETUP_ERROR, Outcome.SETUP_ERROR]):
        due_us = NOW_US + at_s * 10 * SECOND_US
        more = raised if outcome is Outcome.SETUP_ERROR else {}
        run = make_run(outcome, "journey:pay", "KeyError: 'total'", **more)
        run = replace(run, id=new_run_id(due_us), due_us=due_us, finished_us=due_us + 1, circumstances=same)
        store.runs.record(run)
        alerting.process_run(run, [])
    alerting.ticked(NOW_US + 30 * SECOND_US)

    rows = store.outbox.search()
    assert any("the target or its data changed" in row.message for row in rows) == present
    assert len(rows) == 1
