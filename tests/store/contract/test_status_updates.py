"""The contract of the status page's updates: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import Impact, Retention, StatusPhase, StatusUpdate

if TYPE_CHECKING:
    from outrider.store import Store

UPDATE = StatusUpdate("u1", "ab" * 16, NOW_US, StatusPhase.IDENTIFIED, "The bank is down.", "Pay", Impact.DOWN, ("c1",))


def test_an_update_is_kept_whole_and_once(store: Store) -> None:
    """The same id twice is one update; what an update leaves as it was stays unknown."""
    plain = StatusUpdate("u2", "ab" * 16, NOW_US + 1, StatusPhase.RESOLVED, "Over.")
    for update in (UPDATE, replace(UPDATE, text="other"), plain):
        store.status_updates.record(update)

    assert store.status_updates.search() == (plain, UPDATE)
    assert store.status_updates.search(since_us=NOW_US + 1) == (plain,)
    assert store.status_updates.search(incident="cd" * 16) == ()
    assert not store.status_updates.search(limit=1).is_complete


def test_texts_are_storable_and_bounded_and_old_updates_are_pruned(store: Store) -> None:
    """An update of five megabytes or with half a surrogate costs no other."""
    store.status_updates.record(replace(UPDATE, text="\ud800\x00" + "x" * 5_000_000, components=("c",) * 9_000))

    (kept,) = store.status_updates.search()
    assert len(kept.text) <= 5_100
    assert kept.components is not None
    assert len(kept.components) == 500
    store.prune(NOW_US + 3_000 * 86_400 * SECOND_US, Retention())
    assert store.status_updates.search() == ()
