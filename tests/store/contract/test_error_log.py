"""The contract of errors and their issues: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import NOW_US, SECOND_US

from outrider.errors import group, ignored, resolved
from outrider.model import (
    Arrival,
    AuditEntry,
    ErrorEvent,
    ErrorException,
    ErrorRules,
    ErrorUser,
    FingerprintRule,
    IgnoredUntil,
    IssueId,
    IssueNote,
    IssueOrder,
    IssueQuery,
    IssueState,
    OwnerRule,
    Retention,
    StackFrame,
)
from outrider.store import issue_writer

if TYPE_CHECKING:
    from outrider.store import Store

_HOUR_US = 3_600 * SECOND_US
_DAY_US = 24 * _HOUR_US
_NOTE = IssueNote(NOW_US, "ada", "resolve", "")


def _event(number: int, function: str = "pay", **changes: object) -> ErrorEvent:
    frame = StackFrame("shop.cart", function, "shop/cart.py", 17, source="raise Declined(card)")
    raised = ErrorException("Declined", f"card {number}", frames=(frame,))
    event = ErrorEvent(
        f"{number:032x}", 3, NOW_US + number * SECOND_US, NOW_US + number * SECOND_US, exceptions=(raised,),
        platform="python", service="pay", environment="live", release="1.0", tags={"plan": "free"},
        user=ErrorUser(id=f"u{number % 7}"), trace_id=f"{number + 1:032x}",
    )  # fmt: skip
    return replace(event, **changes)  # type: ignore[arg-type]


def _query(**changes: object) -> IssueQuery:
    return replace(IssueQuery(NOW_US + _HOUR_US), **changes)  # type: ignore[arg-type]


def test_events_of_one_cause_are_one_issue_and_an_event_is_stored_once(store: Store) -> None:
    """A client that sends again, in the same batch or later, changes nothing."""
    first = store.errors.add([_event(0), _event(1), _event(0), _event(2, "refund")])
    again = store.errors.add([_event(1), _event(3)])

    assert [own.arrival for own in first] == [Arrival.NEW, Arrival.ONGOING, Arrival.REPEATED, Arrival.NEW]
    assert [own.arrival for own in again] == [Arrival.REPEATED, Arrival.ONGOING]
    pay, refund = (issue for issue in store.errors.list(_query(order=IssueOrder.EVENTS)))
    assert (pay.title, pay.value, pay.culprit) == ("Declined", "card 3", "pay in shop.cart")
    assert (pay.events, pay.users, refund.events) == (3, 3, 1)
    assert (pay.first_us, pay.last_us) == (NOW_US, NOW_US + 3 * SECOND_US)
    assert pay.grouping == group(_event(0))
    assert sum(pay.hours) == 3
    tags = {(tag.name, tag.value): tag.events for tag in store.errors.tags(pay.id)}
    assert (tags["plan", "free"], tags["release", "1.0"], tags["environment", "live"]) == (3, 3, 3)


def test_a_flood_is_counted_and_its_first_its_last_and_a_fair_sample_are_kept(store: Store) -> None:
    """A flood has more events than are kept, in several batches."""
    for start in range(0, 1_000, 100):
        added = store.errors.add([_event(number) for number in range(start, start + 100)])
    issue = store.errors.list(_query())[0]

    kept = store.errors.events(issue.id, limit=1_000)

    assert (issue.events, sum(issue.hours)) == (1_000, 1_000)
    assert len(kept) == 32
    assert [own.position for own in (kept[0], kept[-1])] == ["last", "first"]
    assert {own.position for own in kept[1:-1]} == {""}
    assert 250 < sum(int(own.id, 16) for own in kept) / len(kept) < 750
    assert added[-1].is_kept
    place = store.errors.event(kept[1].id)
    assert place is not None
    assert (place.event, place.after, place.before) == (_event(int(kept[1].id, 16)), kept[0].id, kept[2].id)
    assert store.errors.of_traces([kept[0].trace_id, "no trace"]) == kept[:1]


def test_users_are_exact_while_they_are_few_and_estimated_beyond(store: Store) -> None:
    """The standard error is 6.3 %; three of them are allowed."""
    store.errors.add([_event(number, user=ErrorUser(email=f"u{number}@x")) for number in range(200)])
    assert store.errors.list(_query())[0].users == 200

    store.errors.add([_event(number, user=ErrorUser(email=f"u{number}@x")) for number in range(200, 3_000)])
    assert store.errors.list(_query())[0].users == pytest.approx(3_000, rel=0.19)


def test_an_issue_regresses_and_escalates_as_it_was_decided(store: Store) -> None:
    """Who did what stands in its history."""
    store.errors.add([_event(0)])
    issue = store.errors.list(_query())[0].id

    assert store.errors.decide([issue, IssueId(99)], resolved(NOW_US + SECOND_US, "1.1"), _NOTE) == (issue,)
    late, fixed = store.errors.add([_event(2), _event(3, release="1.1")])
    ignore = replace(_NOTE, action="ignore", at_us=NOW_US + 4 * SECOND_US)
    store.errors.decide([issue], ignored(NOW_US + 4 * SECOND_US, IgnoredUntil(events=2)), ignore)
    quiet, loud = store.errors.add([_event(5), _event(6)])

    arrivals = [own.arrival for own in (late, fixed, quiet, loud)]
    assert arrivals == [Arrival.RESOLVED, Arrival.REGRESSED, Arrival.IGNORED, Arrival.ESCALATED]
    assert [note.action for note in store.errors.notes(issue)] == ["resolve", "regressed", "ignore", "escalated"]
    assert store.errors.count(_query()) == {IssueState.ESCALATING: 1}
    week = replace(_query(), now_us=NOW_US + 8 * _DAY_US)
    assert store.errors.count(week) == {IssueState.ONGOING: 1}


def test_issues_are_found_by_state_text_tags_and_owner(store: Store) -> None:
    """Every condition has to hold; what a pattern means elsewhere is a character here."""
    rules = ErrorRules(owners=(OwnerRule("team-pay", path="shop/*"),))
    store.errors.add([_event(0), _event(1, "refund", release="2.0", environment="test")], rules)
    store.errors.add([_event(2, "100%_pay", level="fatal", user=ErrorUser())])

    def ids(query: IssueQuery) -> list[int]:
        return [issue.id for issue in store.errors.list(query)]

    assert ids(_query()) == [3, 2, 1]
    assert ids(_query(text="SHOP refund")) == [2]
    assert ids(_query(text="0%_p")) == [3]
    assert ids(_query(tags=(("release", "2.0"), ("environment", "test")))) == [2]
    assert ids(_query(tags=(("release", "2.0"), ("environment", "live")))) == []
    assert ids(_query(assignee="team-pay")) == [2, 1]
    assert ids(_query(assignee="", level="fatal")) == [3]
    assert ids(_query(states=frozenset({IssueState.RESOLVED}))) == []
    assert ids(_query(new_since_us=NOW_US + SECOND_US, offset=1)) == [2]
    page = store.errors.list(_query(), limit=2)
    assert (len(page), page.is_complete) == (2, False)


def test_issues_are_merged_with_all_they_have_and_split_again(store: Store) -> None:
    """What comes later goes where its key leads."""
    store.errors.add([_event(0), _event(1)])
    store.errors.add([_event(number, "refund") for number in (2, 3, 4)])
    refund = store.errors.list(_query())[0]

    assert store.errors.merge(IssueId(1), [refund.id], _NOTE) == (refund.id,)
    assert store.errors.add([_event(5, "refund")])[0].issue == 1
    merged = store.errors.issue(refund.id, NOW_US + _HOUR_US)
    assert merged is not None
    assert (merged.id, merged.events, merged.users, sum(merged.hours)) == (1, 6, 6, 6)
    assert len(store.errors.list(_query())) == 1
    assert [key.events for key in store.errors.keys(IssueId(1))] == [2, 4]

    split = store.errors.split(IssueId(1), refund.grouping.key, _NOTE)
    assert split is not None
    assert store.errors.add([_event(6, "refund")])[0].issue == split
    sizes = {issue.id: issue.events for issue in store.errors.list(_query())}
    assert sizes == {1: 2, split: 5}
    assert store.errors.split(split, refund.grouping.key, _NOTE) is None


def test_a_better_version_of_grouping_keeps_the_issues_that_an_older_one_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both keys lead to the issue, and nothing is new."""
    store.errors.add([_event(0)])
    older = group(_event(0))
    newer = replace(older, version=2, key="ab" * 16)
    monkeypatch.setattr(issue_writer, "group", lambda _event, _rules: newer)
    monkeypatch.setattr(issue_writer, "earlier_keys", lambda _event, _rules: (older,))

    assert [own.arrival for own in store.errors.add([_event(1)])] == [Arrival.ONGOING]
    assert [key.version for key in store.errors.keys(IssueId(1))] == [1, 2]


def test_a_rule_of_the_workspace_groups_and_its_decision_is_audited(store: Store) -> None:
    """The entry of the audit is stored with the change."""
    rules = ErrorRules((FingerprintRule(("payments",), module="shop.*"),))
    added = store.errors.add([_event(0), _event(1, "refund")], rules)
    entry = AuditEntry(NOW_US, "ada", "error.assign", "1")
    with store.audit.alongside(entry):
        store.errors.assign([IssueId(1)], "ada", replace(_NOTE, action="assign", text="to ada"))

    assert [own.issue for own in added] == [1, 1]
    assert store.errors.list(_query(assignee="ada"))[0].grouping.reason == "a rule of yours"
    assert [own.action for own in store.audit.search()] == ["error.assign"]
    assert store.errors.comment(IssueId(1), replace(_NOTE, action="comment", text="seen"))
    assert not store.errors.comment(IssueId(9), _NOTE)


def test_tags_and_texts_are_bounded(store: Store) -> None:
    """Values beyond fifty are counted together."""
    odd = ErrorException("E" * 5_000, "\ud800\x00" + "x" * 50_000)
    for number in range(80):
        store.errors.add([_event(number, tags={"order": str(number)}, exceptions=(odd,), user=ErrorUser(id="\x00"))])

    issue = store.errors.list(_query())[0]
    orders = [tag for tag in store.errors.tags(issue.id) if tag.name == "order"]
    assert (len(orders), sum(tag.events for tag in orders), orders[0].value) == (51, 80, None)
    assert len(issue.title) <= 500


def test_what_is_old_goes_and_the_first_and_the_last_stay_with_their_issue(store: Store) -> None:
    """After a year without an event the issue goes, too."""
    store.errors.add([_event(number) for number in range(10)])

    store.prune(NOW_US + 100 * _DAY_US, Retention())
    kept = store.errors.events(IssueId(1))
    assert [own.position for own in kept] == ["last", "first"]
    assert store.errors.add([_event(1)])[0].arrival is Arrival.ONGOING
    assert store.errors.list(replace(_query(), now_us=NOW_US), hours=2)[0].hours == (0, 1)

    store.prune(NOW_US + 500 * _DAY_US, Retention())
    assert store.errors.issue(IssueId(1), NOW_US) is None
    assert store.errors.events(IssueId(1)) == ()
