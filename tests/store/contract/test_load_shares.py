"""The contract of shares of loads: each is taken once, in its location and its time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.load.load_crew import LoadCrew
from outrider.model import CheckId, FailedShare, LoadShare, ShareState

if TYPE_CHECKING:
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
CHECK = CheckId("load:shop")
SHARE = LoadShare("a", "fra", CHECK, "10.0.0.5", 5557, NOW_US + 60_000_000, "{}")
LATER = replace(SHARE, id="c", until_us=NOW_US + 90_000_000)


def test_a_share_is_taken_once_in_its_location_and_time(store: Store) -> None:
    shares = store.load_shares
    shares.ask([SHARE, replace(SHARE, id="b", location="ber"), LATER], NOW_US)

    assert shares.waiting_places(NOW_US) == {"fra", "ber"}
    assert shares.take("ams", NOW_US) is None
    assert [shares.take("fra", NOW_US) for _ in range(3)] == [SHARE, LATER, None]
    assert shares.waiting_places(SHARE.until_us) == set()
    shares.ask([replace(SHARE, id="d")], NOW_US + 61_000_000)
    assert [state.location for state in shares.states(["a", "b", "c"])] == ["fra"], "what is past is removed"


def test_a_share_fails_in_its_own_location_only_and_is_known_until_it_ends(store: Store) -> None:
    shares = store.load_shares
    shares.ask([SHARE, replace(SHARE, id="b", location="ber")], NOW_US)
    shares.take("fra", NOW_US)
    shares.fail("fra", [FailedShare("a", "is lost"), FailedShare("b", "is lost")])

    states = shares.states(["a", "b"])
    shares.end(["a", "b"])

    assert states == (ShareState("ber", is_taken=False), ShareState("fra", is_taken=True, why="is lost"))
    assert shares.states(["a", "b"]) == ()


def test_a_crew_says_who_is_absent_and_why_and_wants_nobody_afterwards(store: Store) -> None:
    with LoadCrew(
        store.load_shares, ["fra", "ber"], CHECK, master=("10.0.0.5", 5557), config="{}", within_s=60.0
    ) as crew:  # fmt: skip
        share = store.load_shares.take("fra", NOW_US - 1_000_000_000_000_000)
        assert share is not None
        store.load_shares.fail("fra", [FailedShare(share.id, "could not reach 10.0.0.5:5557: timed out")])

        assert crew.problem() == "worker at fra could not reach 10.0.0.5:5557: timed out"
        assert crew.absence() == "no worker at ber was free to take its share"
    assert store.load_shares.waiting_places(0) == set()
