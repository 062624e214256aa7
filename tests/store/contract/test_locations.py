"""Orders of locations: who has which, whose result counts, and when one is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import run_of
from tests.store.contract.test_schedule_queue import entry

from outrider.model import (
    ALIVE_US,
    AWAITED_US,
    BROKER,
    LEASE_US,
    REMEMBERED_US,
    DeliveredResult,
    HeldRun,
    Measurement,
    Outcome,
    RunId,
    SilentOrder,
    Verdict,
    WorkerReport,
    new_run_id,
)

if TYPE_CHECKING:
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000


def report(instance: str = "i1", name: str = "w", **changes: object) -> WorkerReport:
    return WorkerReport(name, instance, "1", **changes)  # type: ignore[arg-type]


def result(run: RunId, lease: int, worker: str = "i1", location: str = "fra") -> DeliveredResult:
    return DeliveredResult(run, location, worker, lease, NOW_US, b"body")


def deliver(store: Store, delivered: DeliveredResult) -> Verdict:
    (verdict,) = store.locations.deliver([delivered])
    return verdict


def test_results_are_read_by_their_bytes_and_the_oldest_whatever_it_has(store: Store) -> None:
    """Whoever stores them holds no more in memory than that."""
    orders = [entry(number, location="fra") for number in range(4)]
    store.locations.add("fra", NOW_US)
    store.schedule.ask(orders)
    store.locations.lease("fra", "i1", [order.run for order in orders], NOW_US)
    for number, (order, size) in enumerate(zip(orders, (9, 4, 4, 4), strict=True)):
        delivered = replace(result(order.run, 1), received_us=NOW_US + number, body=b"x" * size)
        assert deliver(store, delivered) is Verdict.TAKEN

    sizes = [
        [len(own.body) for own in store.locations.delivered(limit, most_bytes)]
        for limit, most_bytes in ((500, 8), (500, 13), (3, 99), (500, 99))
    ]

    assert sizes == [[9], [9, 4], [9, 4, 4], [9, 4, 4, 4]]


def test_an_order_is_one_workers_until_its_lease_ends(store: Store) -> None:
    """A report extends it, silence ends it, a restart ends what is not named, and the next lease has another number."""
    order = entry(0, location="fra")
    assert store.locations.add("fra", NOW_US)
    assert not store.locations.add("fra", NOW_US)
    store.schedule.ask([order, entry(1)])

    assert store.locations.waiting_places(NOW_US) == {"fra"}
    (leased,) = store.locations.lease("fra", "i1", [order.run], NOW_US)
    assert (leased.entry, leased.lease) == (order, 1)
    assert store.locations.lease("fra", "i2", [order.run], NOW_US) == ()
    assert store.locations.lease("ams", "i2", [order.run], NOW_US + 2 * LEASE_US) == ()

    held = HeldRun(order.run, 1)
    assert store.locations.report("fra", report(held=(held,)), NOW_US + LEASE_US - 1) == ""
    assert store.locations.waiting("fra", NOW_US + LEASE_US + 1) == ()
    assert store.locations.report("fra", report(is_fresh=True), NOW_US + LEASE_US) == ""
    (again,) = store.locations.lease("fra", "i1", [order.run], NOW_US + LEASE_US)
    assert again.lease == 2
    assert store.locations.report("fra", report(returned=(HeldRun(order.run, 2),)), NOW_US + LEASE_US) == ""
    assert store.locations.waiting("fra", NOW_US + LEASE_US) == (order,)


def test_an_order_in_a_broker_is_its_locations_first_workers_that_names_it(store: Store) -> None:
    """Until the lease ends, when it waits again; one that nobody named until it is too late is over."""
    first, second, third = (entry(number, location="fra") for number in range(3))
    store.locations.add("fra", NOW_US)
    store.schedule.ask([first, second, third])
    leased = store.locations.lease("fra", BROKER, [first.run, second.run], NOW_US)
    until_us = NOW_US + LEASE_US
    held = [HeldRun(own.entry.run, own.lease) for own in leased]

    assert {own.run for own in store.locations.published("fra", until_us - 1)} == {first.run, second.run}
    assert store.locations.waiting("fra", until_us - 1) == (third,)
    store.locations.report("ams", report("a1", held=(held[0],)), NOW_US)
    store.locations.report("fra", report("i1", "one", held=(held[0],)), until_us - 1)
    store.locations.report("fra", report("i2", "two", held=(held[0],)), until_us - 1)
    assert {own.run for own in store.locations.published("fra", until_us - 1)} == {second.run}
    assert store.locations.leased("i1", [*held, HeldRun(first.run, 2)]) == {first.run}
    assert store.locations.leased("i2", held) == store.locations.leased("i1", [HeldRun(first.run, 2)]) == frozenset()
    assert store.locations.close([first.run, second.run], until_us) == ((SilentOrder(second.run, ""),), ())
    silent = store.locations.close([first.run], until_us + LEASE_US)
    assert silent == ((), (SilentOrder(first.run, "one"),))
    assert deliver(store, result(second.run, 1)) is Verdict.DUPLICATE
    assert deliver(store, result(first.run, 1)) is Verdict.TAKEN


def test_a_result_counts_once_and_with_the_latest_lease_only(store: Store) -> None:
    """The rest is told apart: late, or of a run that nobody ordered. Order and result leave with the stored run."""
    order = entry(0, location="fra")
    store.locations.add("fra", NOW_US)
    store.schedule.ask([order])
    store.locations.report("fra", report("i1", "one"), NOW_US)
    store.locations.lease("fra", "i1", [order.run], NOW_US)
    store.locations.lease("fra", "i2", [order.run], NOW_US + LEASE_US)

    verdicts = [
        deliver(store, result(order.run, 1)),
        deliver(store, result(order.run, 2, location="ams")),
        deliver(store, result(order.run, 2, "i2")),
        deliver(store, result(order.run, 2, "i2")),
        deliver(store, result(RunId(new_run_id(NOW_US)), 1)),
    ]
    taken, duplicate, unknown = Verdict.TAKEN, Verdict.DUPLICATE, Verdict.UNKNOWN
    assert verdicts == [duplicate, unknown, taken, taken, unknown]
    assert [own.run for own in store.locations.delivered()] == [order.run]
    assert store.locations.waiting("fra", NOW_US + 3 * LEASE_US) == ()
    assert store.locations.workers()[0].duplicates == 2

    measured = Measurement(Outcome.PASSED, "", order.due_us, 1.0)
    store.runs.record(run_of(measured, order.check, id=order.run, location="fra"))
    assert store.locations.delivered() == ()
    assert store.locations.ordered("fra", [order.run]) == ()
    assert deliver(store, result(order.run, 2, "i2")) is duplicate


def test_results_that_come_together_are_judged_one_by_one(store: Store) -> None:
    """The same twice is kept once, by its latest lease; what is stored, late or unknown changes nothing."""
    first, second, third = (entry(number, location="fra") for number in range(3))
    store.locations.add("fra", NOW_US)
    store.schedule.ask([first, second, third])
    store.locations.report("fra", report("i1", "one"), NOW_US)
    store.locations.lease("fra", "i1", [first.run, second.run, third.run], NOW_US)
    store.locations.lease("fra", "i1", [second.run], NOW_US + LEASE_US)
    deliver(store, result(third.run, 1))
    measured = Measurement(Outcome.PASSED, "", third.due_us, 1.0)
    store.runs.record(run_of(measured, third.check, id=third.run, location="fra"))

    unknown = RunId(new_run_id(NOW_US))
    come = [(first.run, 1), (first.run, 1), (second.run, 1), (second.run, 2), (third.run, 1), (unknown, 1)]
    verdicts = store.locations.deliver([result(run, lease) for run, lease in come])

    taken, duplicate = Verdict.TAKEN, Verdict.DUPLICATE
    assert verdicts == (taken, taken, duplicate, taken, duplicate, Verdict.UNKNOWN)
    assert {(own.run, own.lease) for own in store.locations.delivered()} == {(first.run, 1), (second.run, 2)}
    assert store.locations.workers()[0].duplicates == 3
    assert store.locations.deliver([]) == ()


def test_an_order_is_over_when_no_result_will_come_of_it(store: Store) -> None:
    """That of a silent worker is awaited for a while; a result that comes later than that is too late."""
    never, silent, done = (entry(number, location="fra") for number in range(3))
    runs = [never.run, silent.run, done.run]
    store.locations.add("fra", NOW_US)
    store.schedule.ask([never, silent, done])
    store.locations.report("fra", report("i1", "one"), NOW_US)
    store.locations.lease("fra", "i1", [silent.run, done.run], NOW_US)
    deliver(store, result(done.run, 1))

    assert store.locations.close(runs, NOW_US + 1) == ((SilentOrder(never.run, ""),), ())
    over, awaited = store.locations.close(runs, NOW_US + LEASE_US)
    assert awaited == (SilentOrder(silent.run, "one"),)
    over, awaited = store.locations.close([silent.run], NOW_US + LEASE_US + AWAITED_US + 1)
    assert (over, awaited) == ((SilentOrder(silent.run, "one"),), ())
    assert deliver(store, result(silent.run, 1)) is Verdict.DUPLICATE
    assert store.locations.waiting("fra", NOW_US + 2 * AWAITED_US) == ()


def test_two_live_workers_cannot_have_one_name(store: Store) -> None:
    """The one that is dead loses it; a restart of the same one does not."""
    assert store.locations.report("fra", report("i1"), NOW_US) == ""
    assert store.locations.report("fra", report("i2"), NOW_US + ALIVE_US) == "i1"
    assert store.locations.report("ams", report("i2"), NOW_US + ALIVE_US) == ""
    assert store.locations.report("fra", report("i1"), NOW_US + 1) == ""
    assert store.locations.report("fra", report("i2"), NOW_US + ALIVE_US + 2) == ""
    assert [(worker.location, worker.instance) for worker in store.locations.workers()] == [
        ("ams", "i2"),
        ("fra", "i2"),
    ]
    store.locations.report("fra", report("i3", "of-a-new-pod"), NOW_US + REMEMBERED_US + ALIVE_US + 3)
    assert [worker.instance for worker in store.locations.workers()] == ["i2", "i3"], "others are forgotten"


def test_a_new_leader_leaves_orders_to_the_workers_that_have_them(store: Store) -> None:
    """And a location that is removed gives them back: a result of a worker there comes too late."""
    order = entry(0, location="fra")
    store.locations.add("fra", NOW_US)
    store.schedule.lead("ada", NOW_US, None)
    store.schedule.advance("ada", [order])
    store.locations.lease("fra", "i1", [order.run], NOW_US)

    store.schedule.lead("bob", NOW_US, store.schedule.leadership())
    assert store.locations.waiting("fra", NOW_US) == ()
    assert store.schedule.waiting() == (order,)
    assert store.locations.remove("fra")
    assert not store.locations.remove("fra")
    assert store.locations.names() == ()
    assert deliver(store, result(order.run, 1)) is Verdict.DUPLICATE
