"""A change before a problem stands out where chance seldom puts one so near."""

from __future__ import annotations

import pytest

from outrider.causes import Change, ChangeKind, Changes, change_suspects

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
BEGAN_US = 100 * DAY_US
RELEASE, ISSUE = ChangeKind.RELEASE, ChangeKind.ISSUE


def changes(kind: ChangeKind, *before_min: float, days: float = 28) -> Changes:
    """Return changes so many minutes before the problem began."""
    made = [Change(BEGAN_US - round(minutes * MINUTE_US), f"{minutes:g}") for minutes in before_min]
    return Changes(kind, made, round(days * DAY_US))


def test_chance_is_that_of_changes_at_any_time_alike() -> None:
    """Ten releases in 28 days, the last five minutes before; a minute for those who note it late."""
    [suspect] = change_suspects([changes(RELEASE, 5, *range(2000, 2009))], BEGAN_US, MINUTE_US)

    assert suspect.chance == pytest.approx(1 - (1 - 6 / (28 * 1440)) ** 10)
    assert (suspect.stands_out, suspect.before_us) == (True, 5 * MINUTE_US)


def test_two_changes_of_one_minute_are_told_together() -> None:
    """Nobody knows which of two releases it was: the nearer one is no likelier."""
    [suspect] = change_suspects([changes(RELEASE, 0.1, 0.7, 3)], BEGAN_US, MINUTE_US)

    assert (suspect.change.text, suspect.beside, suspect.stands_out) == ("0.1", ("0.7",), True)


@pytest.mark.parametrize(
    ("before_min", "stands_out"),
    [((5,), True), ((0,), True), ((-0.5,), True), ((5, *range(100, 40_000, 30)), False), ((1300, 20_000), False)],
)
def test_what_is_near_and_rare_stands_out(before_min: tuple[float, ...], stands_out: bool) -> None:
    """Also what is noted a little late; not one of thousands, nor one of the day before."""
    suspects = change_suspects([changes(RELEASE, *before_min)], BEGAN_US, MINUTE_US)

    assert [own.stands_out for own in suspects] == [stands_out]


def test_a_cause_does_not_come_after_what_it_caused_and_a_sign_may() -> None:
    """A release three minutes later is none, nor what later runs tell; the new error is, and no event of a week ago."""
    later = [changes(RELEASE, -3), changes(ISSUE, -3), changes(ChangeKind.EVENT, 7 * 1440)]
    later += [changes(kind, -0.25) for kind in (ChangeKind.PROBER, ChangeKind.ADDRESS, ChangeKind.ASSET)]

    assert [(own.kind, own.stands_out) for own in change_suspects(later, BEGAN_US, MINUTE_US)] == [(ISSUE, True)]


def test_causes_come_before_signs_and_each_kind_that_may_stand_out_is_a_test() -> None:
    """A sign that is nearer is no likelier cause; what stands out alone does not among many kinds."""
    others = [kind for kind in ChangeKind if kind is not RELEASE]

    both = change_suspects([changes(ISSUE, 0), changes(RELEASE, 5)], BEGAN_US, MINUTE_US)
    alone, among_silent, among_common, among = (
        change_suspects([changes(RELEASE, 1400), *histories], BEGAN_US, 0)[0].stands_out
        for histories in (
            [], [changes(kind) for kind in others], [changes(kind, *range(2000, 40_000, 10)) for kind in others],
            [changes(kind, 20_000) for kind in others],
        )
    )  # fmt: skip

    assert [own.kind for own in both] == [RELEASE, ISSUE]
    assert (alone, among_silent, among_common, among) == (True, True, True, False)


@pytest.mark.parametrize(("kind", "stands_out"), [(ChangeKind.EVENT, True), (ChangeKind.ADDRESS, False)])
def test_what_people_change_needs_less_evidence_than_an_address(kind: ChangeKind, stands_out: bool) -> None:
    """Seven of ten outages come from it."""
    near, other = changes(kind, 130, *range(2000, 8000, 1000)), changes(RELEASE, 20_000)

    assert change_suspects([near, other], BEGAN_US, MINUTE_US)[0].stands_out is stands_out


def test_a_check_that_runs_seldom_knows_less() -> None:
    """The problem may have begun at any time since the last good run."""
    histories = [changes(RELEASE, 5, *range(2000, 20_000, 400))]

    assert change_suspects(histories, BEGAN_US, MINUTE_US)[0].stands_out
    assert not change_suspects(histories, BEGAN_US, 120 * MINUTE_US)[0].stands_out
