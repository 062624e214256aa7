"""Releases and checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import Checkpoint, Release

if TYPE_CHECKING:
    from tests.store.conftest import Maker

    from outrider.store import Store


def test_releases_are_told_by_environment_in_the_order_of_time(store: Store) -> None:
    """The same release again changes only whether it is accepted."""
    store.judgements.record_release(Release("2.1", "production", NOW_US))
    store.judgements.record_release(Release("2.0", "production", NOW_US - SECOND_US))
    store.judgements.record_release(Release("2.1", "staging", NOW_US))
    store.judgements.record_release(Release("2.1", "production", NOW_US, accepted=True))

    assert store.judgements.releases("production") == (
        Release("2.0", "production", NOW_US - SECOND_US),
        Release("2.1", "production", NOW_US, accepted=True),
    )
    assert len(store.judgements.releases()) == 3


@pytest.mark.parametrize(("at_us", "kept"), [(NOW_US - SECOND_US, True), (NOW_US, False), (NOW_US + SECOND_US, False)])
def test_what_was_known_after_an_accepted_release_is_forgotten(
    store: Store, make: Maker, at_us: int, *, kept: bool
) -> None:
    """The judge learns the new level from samples, and keeps what it knew before."""
    run = make.run()
    store.runs.record(run)
    (series,) = [one_series for one_series in store.series.of(run.check) if one_series.step == "pay"]
    store.judgements.record_checkpoints([Checkpoint(series, 1, "learning", "", b"old")])
    store.judgements.record_checkpoints([Checkpoint(series, at_us, "steady", "as ever", b"state")])

    store.judgements.record_release(Release("2.1", run.environment, NOW_US, accepted=True))
    store.judgements.record_release(Release("2.2", "elsewhere", 0, accepted=True))

    expected = (Checkpoint(series, at_us, "steady", "as ever", b"state"),)
    assert store.judgements.judged_series(at_us) == int(kept)
    assert store.judgements.judged_series(at_us + 1) == 0
    assert store.judgements.checkpoints([series]) == (expected if kept else ())
