"""A metric has moved where it lies far from what is usual of it."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.causes import asset_changes, asset_versions, move_starts

NOISE = np.random.default_rng(3).normal(20.0, 1.0, 300)


@pytest.mark.parametrize(
    ("moved", "starts"),
    [
        ({}, ()),
        ({100: 60.0}, (100,)),
        ({100: 60.0, 103: 60.0, 104: 2.0}, (100,)),  # it was not as usual for long enough
        ({100: 60.0, 200: 60.0}, (100, 200)),
        ({100: 23.0}, ()),
    ],
)
def test_a_move_is_told_once(moved: dict[int, float], starts: tuple[int, ...]) -> None:
    """By its first value; what is missing is no move."""
    values = NOISE.copy()
    values[[7, 99]] = np.nan
    for at, value in moved.items():
        values[at] = value

    assert move_starts(values) == starts


def test_what_is_too_short_or_too_little_has_no_moves() -> None:
    """An hour of a metric says nothing of what is usual; nor does a share that moves by three percent."""
    share = np.where(np.arange(300) == 250, 0.04, 0.01 + NOISE / 1e5)

    assert move_starts(np.append(NOISE[:50], 90.0)) == ()
    assert (move_starts(share), move_starts(share, least=0.05)) == ((250,), ())


def test_versions_of_scripts_that_change_now_and_then_are_told() -> None:
    """By their address without a hash; one that differs in every run is left out, and damaged content has none."""
    runs = [
        (run, {"cdn.example/app.*.js": f"app.{run // 3}.js", "ads.example/a.js": f"a.js {run}"}) for run in range(6)
    ]

    assert asset_changes(runs) == ((3, "cdn.example/app.*.js", "app.0.js", "app.1.js"),)
    assert (asset_versions(b"{"), asset_versions(b"[]")) == ({}, {})
