"""Assignments, comments, annotations and changed settings are kept as they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US
from tests.store.contract.test_alert_ports import INCIDENT

from outrider.model import (
    Acknowledgement,
    AlertChanges,
    Annotation,
    AuditEntry,
    Comment,
    SavedView,
    SettingOverride,
    ViewPage,
)

if TYPE_CHECKING:
    from outrider.store import Store


def test_an_assignment_names_who_works_on_an_incident(store: Store) -> None:
    """It waits for the process that writes incidents, as an acknowledgement does."""
    store.incidents.acknowledge(Acknowledgement("one", NOW_US, "assign", "ada", assignee="grace"))

    (assignment,) = store.incidents.acknowledgements()

    assert (assignment.action, assignment.author, assignment.assignee) == ("assign", "ada", "grace")


def test_comments_are_kept_as_long_as_their_incident(store: Store) -> None:
    """In their order, printable, of too many the latest; those of an incident that is gone go with its time."""
    texts = ["one", "two\x1b[31m", "日本語\nsecond line"]
    for number, text in enumerate(texts):
        store.incidents.comment(Comment("one", NOW_US + number, "ada", text))
    store.incidents.comment(Comment("gone", NOW_US, "ada", "x"))
    store.incidents.record(AlertChanges((INCIDENT,)))

    comments = store.incidents.comments("one")
    latest = store.incidents.comments("one", limit=1)
    store.prune(NOW_US + int(400 * 86_400 * SECOND_US))

    assert [comment.text for comment in comments] == ["one", "two\\x1b[31m", "日本語\nsecond line"]
    assert [comment.text for comment in latest] == ["日本語\nsecond line"]
    assert store.incidents.comments("one") == comments
    assert store.incidents.comments("gone") == ()


def test_annotations_are_listed_by_time_and_removed(store: Store) -> None:
    """One that is removed twice was not there the second time."""
    marks = [Annotation(f"a{number}", NOW_US + number, "cache warmed", ("team=shop",), "ada") for number in range(3)]
    for mark in reversed(marks):
        store.annotations.record(mark)

    listed = store.annotations.between(NOW_US, NOW_US + 1)
    latest = store.annotations.between(0, NOW_US + 9, limit=2)
    removed = [store.annotations.remove("a0"), store.annotations.remove("a0")]

    assert listed == (marks[0], marks[1])
    assert latest == (marks[1], marks[2])
    assert removed == [True, False]
    assert store.annotations.between(0, NOW_US) == ()


def test_of_two_who_saw_the_same_value_one_sets_another(store: Store) -> None:
    """Whether there was one or not; nothing is noted for the other."""
    first, second = (SettingOverride("capabilities.load", value, NOW_US, "ada") for value in ("false", "true"))
    entries = [AuditEntry(NOW_US, "ada", "setting.set", value) for value in ("a", "b", "c", "d")]
    kept = []
    for entry, (override, seen) in zip(
        entries, [(first, None), (second, None), (second, first), (first, first)], strict=True
    ):
        with store.audit.alongside(entry):
            kept.append(store.overrides.replace(override, seen))

    assert kept == [True, False, True, False]
    assert store.overrides.all() == (second,)
    assert [change.subject for change in store.audit.search()] == ["c", "a"]


def test_a_setting_has_one_value_in_the_place_of_the_files(store: Store) -> None:
    """The last that was put, until it is removed."""
    store.overrides.put(SettingOverride("capabilities.load", "false", NOW_US, "ada"))
    store.overrides.put(SettingOverride("capabilities.load", "true", NOW_US + 1, "grace"))

    kept = store.overrides.all()
    removed = [store.overrides.remove("capabilities.load"), store.overrides.remove("capabilities.load")]

    assert kept == (SettingOverride("capabilities.load", "true", NOW_US + 1, "grace"),)
    assert removed == [True, False]
    assert store.overrides.all() == ()


def test_a_view_has_one_query_on_its_page(store: Store) -> None:
    """The last that was put; the same name on another page is another view."""
    old, new = (SavedView(ViewPage.LOGS, "slow", query, "ada", NOW_US) for query in ("a", "duration>1s"))
    other = SavedView(ViewPage.TRACES, "slow", "日本語 since:2h", "grace", NOW_US)
    for view in (other, old, new):
        store.views.put(view)

    kept = store.views.all()
    removed = [store.views.remove(ViewPage.LOGS, "slow"), store.views.remove(ViewPage.LOGS, "slow")]

    assert kept == (new, other)
    assert removed == [True, False]
    assert store.views.all() == (other,)
