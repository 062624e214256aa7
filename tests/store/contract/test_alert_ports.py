"""Incidents, the outbox, silences and acknowledgements are kept whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import (
    Acknowledgement,
    AlertChanges,
    IncidentQuery,
    Notification,
    ReceiverState,
    Silence,
    Status,
    StoredConfirmation,
    StoredGroup,
    StoredIncident,
    UndeliveredCount,
)

if TYPE_CHECKING:
    from outrider.store import Store

INCIDENT = StoredIncident("one", "open", NOW_US, None, "{}")
GROUP = StoredGroup("g", '{"incidents":["one"]}')
MAIL = Notification("n1", "mail", "topic", "trigger", NOW_US, NOW_US, "{}")


def test_a_moment_is_written_whole_and_twice_is_once(store: Store) -> None:
    """Doing a step twice changes nothing."""
    changes = AlertChanges((INCIDENT,), (StoredConfirmation("s", "one", "w"),), (GROUP,), (MAIL,))

    store.incidents.record(changes)
    store.incidents.record(changes)

    state = store.incidents.state(NOW_US)
    assert (state.incidents, state.watches, state.groups) == (changes.incidents, changes.watches, changes.groups)
    assert store.outbox.search() == (MAIL,)


def test_what_is_over_is_forgotten_and_what_ended_long_ago_left_out(store: Store) -> None:
    """What must be remembered stays small."""
    store.incidents.record(AlertChanges((INCIDENT,), (StoredConfirmation("s", "one", "w"),), (GROUP,)))
    ended = replace(INCIDENT, phase="resolved", ended_us=NOW_US)

    store.incidents.record(AlertChanges((ended,), forgotten_watches=("s",), forgotten_groups=("g",)))

    assert store.incidents.state(NOW_US + 1) == type(store.incidents.state(0))()
    assert store.incidents.search() == (ended,)
    assert store.incidents.search(lasting=True) == ()
    store.incidents.record(AlertChanges(forgotten_incidents=("one",)))
    assert store.incidents.search() == ()


def test_what_ended_long_ago_is_remembered_while_a_group_has_it(store: Store) -> None:
    """Its end may not be told yet."""
    ended = replace(INCIDENT, phase="resolved", ended_us=NOW_US)
    store.incidents.record(AlertChanges((ended,), groups=(GROUP,)))

    assert store.incidents.state(NOW_US + 1).incidents == (ended,)


def test_a_later_row_supersedes_what_waits_and_never_what_was_delivered(store: Store) -> None:
    """After an outage of a channel the last word on each topic is sent, once."""
    store.outbox.add(MAIL)
    store.outbox.update(replace(MAIL, status=Status.DELIVERED, done_us=NOW_US))
    store.outbox.add(replace(MAIL, id="n2"))
    store.outbox.add(replace(MAIL, id="n3", created_us=NOW_US + 5))
    store.outbox.update(replace(MAIL, status=Status.UNDELIVERED))

    assert [row.status for row in store.outbox.search()] == [Status.DELIVERED, Status.SUPERSEDED, Status.QUEUED]
    assert [row.id for row in store.outbox.search(receiver="mail", status=Status.QUEUED, due_us=NOW_US)] == ["n3"]
    assert store.outbox.search(receiver="mail", due_us=NOW_US - 1) == ()
    assert store.outbox.times("mail", Status.DELIVERED, NOW_US) == (NOW_US,)


def test_silences_and_acknowledgements_come_from_other_processes(store: Store) -> None:
    """A command line says it; whoever keeps the incidents hears it."""
    silence = Silence("s", NOW_US, NOW_US + SECOND_US, ("team=shop",), "ada", "deploy")
    store.silences.record(silence)
    store.incidents.acknowledge(Acknowledgement("one", NOW_US, "acknowledge", "ada"))

    (acknowledgement,) = store.incidents.acknowledgements()
    store.incidents.record(AlertChanges(processed=(acknowledgement.key,)))

    assert (acknowledgement.incident, acknowledgement.author) == ("one", "ada")
    assert store.incidents.acknowledgements() == ()
    assert store.silences.ending_after(NOW_US) == (silence,)
    assert store.silences.ending_after(NOW_US + SECOND_US) == ()


def test_what_was_over_long_ago_is_removed_with_the_runs_of_its_time(store: Store) -> None:
    """What lasts stays, however old it is."""
    old = replace(INCIDENT, id="old", phase="resolved", ended_us=NOW_US)
    store.incidents.record(AlertChanges((INCIDENT, old), notifications=(MAIL, replace(MAIL, id="n2", topic="other"))))
    store.outbox.update(replace(MAIL, status=Status.DELIVERED, done_us=NOW_US))
    store.silences.record(Silence("s", NOW_US - 1, NOW_US, (), "ada", ""))

    store.prune(NOW_US + int(400 * 86_400 * SECOND_US))

    assert [incident.id for incident in store.incidents.search()] == ["one"]
    assert [row.id for row in store.outbox.search()] == ["n2"]
    assert store.silences.ending_after(0) == ()


def test_it_is_known_up_to_when_runs_were_heard(store: Store) -> None:
    """After a crash the rest is heard."""
    assert store.incidents.processed_us() is None

    store.incidents.mark_processed(1)
    store.incidents.mark_processed(2)

    assert store.incidents.processed_us() == 2


def test_the_outbox_tells_of_one_row_of_a_span_and_of_what_was_given_up(store: Store) -> None:
    """Nobody needs to read a million rows to find one or to count some."""
    rows = [replace(MAIL, id=f"n{at}", topic=f"t{at}", created_us=NOW_US + at) for at in range(4)]
    for row in rows:
        store.outbox.add(row)
    for row, note in zip(rows[:2], ("refused", "no such address"), strict=True):
        store.outbox.update(replace(row, status=Status.UNDELIVERED, done_us=NOW_US, note=note))

    span = store.outbox.search(created_since_us=NOW_US + 1, created_until_us=NOW_US + 3, limit=None)

    assert ([row.id for row in span], span.is_complete) == (["n1", "n2"], True)
    assert store.outbox.get("n3") == rows[3]
    assert store.outbox.get("unknown") is None
    assert store.outbox.undelivered() == (UndeliveredCount("mail", 2, "no such address"),)
    assert not store.outbox.search(limit=3).is_complete


def test_incidents_beyond_the_limit_are_not_left_out_in_silence(store: Store) -> None:
    """Whoever lists them can say that there are more."""
    store.incidents.record(AlertChanges((INCIDENT, replace(INCIDENT, id="two"))))

    assert not store.incidents.search(limit=1).is_complete
    assert store.incidents.search(limit=2).is_complete


def test_incidents_follow_each_other_by_their_beginning_and_id(store: Store) -> None:
    """By phase, of the last time only, and those that name a text; a name is an id, its beginning or its end."""
    rows = [replace(INCIDENT, id=f"i{number}-x", began_us=NOW_US + number // 2) for number in range(4)]
    old = replace(INCIDENT, id="old", phase="resolved", began_us=1, ended_us=2)
    named = replace(INCIDENT, id="n", phase="resolved", ended_us=NOW_US, state='{"checks":["probe:50%\\u00e9"]}')
    store.incidents.record(AlertChanges((*rows, old, named, replace(INCIDENT, id="p", phase="pending"))))

    first = store.incidents.list(IncidentQuery(("open",)), 3)
    rest = store.incidents.list(IncidentQuery(("open",), before=(first[-1].began_us, first[-1].id)), 3)

    assert [row.id for row in (*first, *rest)] == ["i3-x", "i2-x", "i1-x", "i0-x"]
    assert (first.is_complete, rest.is_complete) == (False, True)
    assert [row.id for row in store.incidents.list(IncidentQuery(("resolved",), since_us=3), 9)] == ["n"]
    assert [row.id for row in store.incidents.list(IncidentQuery(("open", "resolved"), naming="50%é"), 9)] == ["n"]
    assert store.incidents.list(IncidentQuery(("open", "resolved"), naming="50_é"), 9) == ()
    assert store.incidents.counts(3) == {"open": 4, "resolved": 1, "pending": 1}
    assert [row.id for row in store.incidents.named("-x", 2)] == ["i3-x", "i2-x"]
    assert [row.id for row in store.incidents.named("old", 2)] == ["old"]


def test_receivers_are_told_by_what_became_of_their_notifications(store: Store) -> None:
    """Of what was added since, and of all that waits; the note is the last one that there is."""
    for number, (receiver, status, note) in enumerate(
        (("mail", Status.DELIVERED, ""), ("mail", Status.UNDELIVERED, "old"), ("mail", Status.UNDELIVERED, "refused"))
    ):
        row = replace(MAIL, id=f"r{number}", topic=f"t{number}", receiver=receiver, created_us=NOW_US + number)
        store.outbox.add(row)
        store.outbox.update(replace(row, status=status, done_us=NOW_US + number, note=note))
    store.outbox.add(replace(MAIL, id="w", topic="w", receiver="pager", created_us=NOW_US - 9))

    (mail, pager) = store.outbox.receivers(NOW_US)

    assert mail == ReceiverState("mail", 0, 1, 2, 0, NOW_US, None, "refused")
    assert pager == ReceiverState("pager", waiting=1, waiting_since_us=NOW_US - 9)
    assert [state.receiver for state in store.outbox.receivers(NOW_US + 5)] == ["pager"]
