"""The root of a problem is what deviates when it shows, and calls nothing that deviates as much."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from outrider.causes import Observed, rank_suspects

USUAL = np.array([97.0 + number % 7 for number in range(60)])


def observed(*lately: float) -> Observed:
    return Observed(USUAL, np.array(lately), 5.0)


CALM = observed(100.0, 101.0, 99.0)
SLOW = observed(100.0, 400.0, 420.0)
SLOWER = observed(100.0, 500.0, 520.0)
SHOP = {"front": ["catalogue", "payment"], "catalogue": ["database"], "payment": ["database"]}


@pytest.mark.parametrize(
    ("deviant", "calls", "root"),
    [
        ({"front": SLOW, "catalogue": SLOW, "database": SLOWER}, SHOP, "database"),
        ({"front": SLOW, "catalogue": SLOWER}, SHOP, "catalogue"),
        ({"front": SLOW}, SHOP, "front"),
        ({"front": SLOW, "catalogue": SLOWER}, {**SHOP, "catalogue": ["front"]}, "catalogue"),
        ({"front": SLOW, "catalogue": SLOWER, "other": observed(0.0, 9e9, 9e9)}, SHOP, "catalogue"),
        ({"front": SLOW, "catalogue": observed(500.0, 100.0, 100.0), "payment": SLOWER}, SHOP, "payment"),
    ],
    ids=["at the end of a chain", "in its middle", "at its beginning", "a cycle", "not called", "at another time"],
)
def test_the_root_is_named(deviant: dict[str, Observed], calls: dict[str, list[str]], root: str) -> None:
    """Whatever is between it and where the problem shows."""
    suspects = rank_suspects({**dict.fromkeys(SHOP, CALM), **deviant}, calls, "front")

    assert (suspects[0].name, suspects[0].stands_out) == (root, True)


def test_what_nothing_was_measured_of_is_looked_through() -> None:
    """A queue between a service and what it waits for hides neither."""
    calls = {"front": ["queue"], "queue": ["worker"]}

    suspects = rank_suspects({"front": SLOW, "queue": observed(*[np.nan] * 3), "worker": SLOWER}, calls, "front")

    assert [suspect.name for suspect in suspects] == ["worker", "front"]


@pytest.mark.parametrize(
    "own",
    [
        CALM,
        observed(100.0, 110.0, 108.0),
        Observed(USUAL[:19], np.array([900.0] * 3), 5.0),
        observed(np.nan, np.nan, np.nan),
    ],
    ids=["calm", "a little worse", "hardly known", "not measured"],
)
def test_none_stands_out_where_none_does(own: Observed) -> None:
    """A cause is not made up, however odd a dependency looks."""
    suspects = rank_suspects({"front": own, "catalogue": SLOW if own is CALM else CALM}, SHOP, "front")

    assert not any(suspect.stands_out for suspect in suspects)


def test_a_thousand_suspects_are_ranked() -> None:
    """In a chain, of which the last is the root."""
    names = [f"service {number:03}" for number in range(1_000)]
    calls = {name: [callee] for name, callee in pairwise(names)}

    suspects = rank_suspects(dict.fromkeys(names, SLOW), calls, names[0])

    assert suspects[0].name == names[-1]
    assert [suspect.name for suspect in suspects if suspect.stands_out] == names[-1:]
