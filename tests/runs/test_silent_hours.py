"""Runs that lack by what history shows, hour by hour."""

from __future__ import annotations

import pytest

from outrider.runs.silent_hours import lacking_by_hour

OFFICE = ([0] * 8 + [12] * 10 + [0] * 6) * 5
WEEKEND = ([12] * 120 + [0] * 48) * 2


@pytest.mark.parametrize(
    ("counts", "lacking"),
    [
        ([12] * 30 + [4, 0, 0, 8] + [12] * 20, {30: 8, 31: 12, 32: 12, 33: 4}),
        ([4] * 40 + [0, 0], {40: 4, 41: 4}),
        ([0] * 50 + [12] * 50, {}),
        ([12] * 20 + [0] * 4, {}),
        ([1, 1, 0] * 16, {}),
        ([1] * 40 + [0, 0] + [1] * 10, {40: 1, 41: 1}),
        ([12] * 48 + [4] * 48 + [0] + [4] * 20, {96: 4}),
        (OFFICE, {}),
        (WEEKEND, {}),
        ([], {}),
    ],
    ids=[
        "three hours off", "still off", "new", "first day", "seldom", "hourly", "another pace", "office hours",
        "weekends", "nothing",
    ],
)  # fmt: skip
def test_silent_hours_lack_what_hours_near_them_have(counts: list[int], lacking: dict[int, int]) -> None:
    """Where other days or the weeks around have runs at that hour; with the hours that a silence begins and ends in."""
    assert lacking_by_hour(counts) == lacking
