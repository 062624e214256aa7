"""The calls that heartbeats wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Beat, Beats, CallKind, CheckId
from outrider.store.beat_rows import KEPT

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.store import Store

CHECK = CheckId("probe:nightly")
START, LOG = CallKind.START, CallKind.LOG
FAILURE = Beat(20, 3, "disk full")


def record(store: Store, *beats: Beat) -> None:
    for beat in beats:
        store.heartbeats.record(CHECK, beat)


def test_the_last_call_is_kept(store: Store) -> None:
    """A call that arrives late does not hide a later one."""
    record(store, *(Beat(at_us, code, "note") for at_us, code in ((10, 0), (30, 2), (20, 0))))

    assert store.heartbeats.get(CHECK).last == Beat(30, 2, "note")
    assert store.heartbeats.get(CHECK).since_us == 10


def test_nothing_is_known_of_an_unknown_check(store: Store) -> None:
    """Not even since when."""
    assert store.heartbeats.get(CHECK) == Beats(None, None)


def test_calls_follow_a_renamed_check(store: Store) -> None:
    """The new name has what the old one had."""
    record(store, Beat(10))

    store.checks.rename(CHECK, CheckId("probe:daily"), 20)

    assert store.heartbeats.get(CheckId("probe:daily")) == store.heartbeats.get(CHECK)
    assert store.heartbeats.get(CHECK).last == Beat(10)


def test_a_failure_is_unseen_until_a_stored_run_has_seen_it(store: Store, make: Maker) -> None:
    """A good call that follows does not hide it; nor does a run that is lost on its way to the store."""
    lost, stored, following = (make.run(CHECK) for _ in range(3))
    record(store, Beat(10), FAILURE, Beat(30))

    seen_by_lost = store.heartbeats.look(CHECK, lost.id).unseen
    seen = store.heartbeats.look(CHECK, stored.id).unseen
    seen_again = store.heartbeats.look(CHECK, stored.id).unseen
    record(store, Beat(40))
    store.runs.record(stored)
    afterwards = store.heartbeats.look(CHECK, following.id).unseen

    assert seen_by_lost == seen == seen_again == (Beat(10), FAILURE, Beat(30))
    assert afterwards == (Beat(40),)
    assert store.heartbeats.get(CHECK).last == Beat(40)


def test_what_was_seen_stays_seen_when_runs_are_pruned(store: Store, make: Maker) -> None:
    """An old failure does not come back with the end of retention."""
    first = make.run(CHECK)
    record(store, FAILURE)
    store.heartbeats.look(CHECK, first.id)
    store.runs.record(first)
    store.heartbeats.look(CHECK, make.run(CHECK).id)

    store.prune(first.due_us * 2)

    assert store.runs.search() == ()
    assert store.heartbeats.look(CHECK, make.run(CHECK).id).unseen == ()


def test_a_flood_of_good_calls_hides_no_failure(store: Store) -> None:
    """Of each sort some are kept: also the start of a job that logs each of its steps."""
    record(store, FAILURE, Beat(25, kind=START))

    record(store, *(Beat(at_us, kind=LOG) for at_us in range(30, 60 + KEPT)), *(Beat(26) for _ in range(KEPT + 5)))

    beats = store.heartbeats.get(CHECK)
    assert [beat for beat in beats.unseen if beat.exit_code] == [FAILURE]
    assert len(beats.unseen) == KEPT + 1


def test_an_end_has_the_time_since_its_start(store: Store) -> None:
    """Runs of a job that overlap name themselves; an end without a start has no duration."""
    a, b = "0c6d", "77aa"
    record(store, Beat(5), Beat(10, kind=START), Beat(40), Beat(50))
    record(store, Beat(60, kind=START, run=a), Beat(70, kind=START, run=b), Beat(90, run=a), Beat(95, run=b))

    assert [beat.duration_us for beat in store.heartbeats.get(CHECK).unseen] == [None, 30, None, 30, 25]


def test_a_start_is_open_until_its_end(store: Store) -> None:
    """A log changes nothing; a failure ends whatever runs."""
    opened = []
    for beat in (
        Beat(10, kind=START), Beat(15, kind=LOG), Beat(20), Beat(30, kind=START, run="a"), Beat(40, run="b"),
        Beat(50, run="a"), Beat(60, kind=START, run="a"), Beat(70, 1, run="b"),
    ):  # fmt: skip
        record(store, beat)
        started = store.heartbeats.get(CHECK).started
        opened.append(started and started.at_us)

    assert opened == [10, 10, None, 30, 30, None, 60, None]


def test_listening_is_kept_in_spans(store: Store) -> None:
    """A short pause is none; a clock that is set back ends no span."""
    for at_us in (100, 110, 125, 200, 190, 210):
        store.heartbeats.listened(at_us, tolerated_us=20)

    assert store.heartbeats.get(CHECK).listening == ((100, 125), (200, 210))
