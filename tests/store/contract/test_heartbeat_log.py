"""The calls that heartbeats wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Beat, Beats, CheckId

if TYPE_CHECKING:
    from outrider.store import Store

CHECK = CheckId("probe:nightly")


def test_the_last_call_is_kept(store: Store) -> None:
    """A call that arrives late does not hide a later one."""
    for at_us, code in ((10, 0), (30, 2), (20, 0)):
        store.heartbeats.record(CHECK, Beat(at_us, code, "note"))

    assert store.heartbeats.get(CHECK) == Beats(10, Beat(30, 2, "note"))


def test_nothing_is_known_of_an_unknown_check(store: Store) -> None:
    """Not even since when."""
    assert store.heartbeats.get(CHECK) == Beats(None, None)


def test_calls_follow_a_renamed_check(store: Store) -> None:
    """The new name has what the old one had."""
    store.heartbeats.record(CHECK, Beat(10))

    store.checks.rename(CHECK, CheckId("probe:daily"), 20)

    assert store.heartbeats.get(CheckId("probe:daily")) == store.heartbeats.get(CHECK) == Beats(10, Beat(10))
