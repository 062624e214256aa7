"""What becomes of an issue: resolved, regressed, ignored, escalating, whatever comes in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrider.errors import EventMoment, Tally, arrived, counted, current, ignored, is_later, reopened, resolved
from outrider.errors.life import RECENT_US
from outrider.model import NEXT_RELEASE, Arrival, IgnoredUntil, IssueLife, IssueState

_NOW = 1_000_000_000_000
_COUNTS = Tally(10, 3, 2)
_MAYBE = st.none() | st.integers(1, 50)
_UNTIL = st.builds(IgnoredUntil, st.none() | st.integers(0, 2 * _NOW), _MAYBE, _MAYBE)
_LIVES = st.one_of(
    st.builds(resolved, st.integers(0, _NOW), st.sampled_from(["", NEXT_RELEASE, "1.2.0", "build-b"])),
    st.builds(ignored, st.integers(0, _NOW), _UNTIL),
    st.builds(reopened, st.integers(0, _NOW)),
    st.builds(IssueLife, st.sampled_from([IssueState.NEW, IssueState.REGRESSED]), st.integers(0, _NOW)),
)  # fmt: skip
_EVENTS = st.builds(
    EventMoment, st.integers(0, 2 * _NOW), st.sampled_from(["", "1.1.9", "1.2.0", "1.10.0", "build-b", "build-c"]),
    st.dictionaries(st.sampled_from(["1.1.9", "1.2.0", "build-b", "build-c"]), st.integers(0, 2 * _NOW)),
)  # fmt: skip
_TALLIES = st.builds(Tally, st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))


def _event(at_us: int, release: str = "", **releases: int) -> EventMoment:
    return EventMoment(at_us, release, {name.replace("_", "."): seen for name, seen in releases.items()})


@given(_LIVES, _EVENTS, _TALLIES)
def test_only_what_was_resolved_regresses_and_only_what_was_ignored_escalates(
    life: IssueLife, event: EventMoment, tally: Tally
) -> None:
    """The state and what is said of the event agree, and a second look changes nothing."""
    before = current(life, event.at_us)
    after, arrival = arrived(life, event, tally)

    assert (arrival is Arrival.REGRESSED) == (after.state is IssueState.REGRESSED and after != before)
    assert (arrival is Arrival.ESCALATED) == (after.state is IssueState.ESCALATING)
    if arrival is Arrival.REGRESSED:
        assert before.state is IssueState.RESOLVED
    if arrival is Arrival.ESCALATED:
        assert before.state is IssueState.IGNORED
    if arrival in {Arrival.ONGOING, Arrival.IGNORED, Arrival.RESOLVED}:
        assert after == before
    assert current(after, event.at_us) == after


@given(_LIVES, st.integers(0, 3 * _NOW), st.integers(0, _NOW))
def test_time_alone_ends_what_is_recent_and_what_has_a_date(life: IssueLife, at_us: int, more_us: int) -> None:
    """Looking twice is looking once, and what ended stays ended."""
    now = current(life, at_us)

    assert current(now, at_us) == now
    assert current(now, at_us + more_us) == current(life, at_us + more_us)
    if now.state is not life.state:
        assert now.state is IssueState.ONGOING


def test_an_event_after_the_fix_regresses_and_a_late_one_from_before_does_not() -> None:
    """A client may send hours later."""
    life = resolved(100)

    assert arrived(life, _event(90), _COUNTS) == (life, Arrival.RESOLVED)
    assert arrived(life, _event(101, "1.0"), _COUNTS) == (IssueLife(IssueState.REGRESSED, 101), Arrival.REGRESSED)


def test_what_is_fixed_in_the_next_release_regresses_with_a_release_seen_after_the_decision() -> None:
    """Those that were seen before go on failing until they are gone."""
    life = resolved(100, NEXT_RELEASE)

    assert arrived(life, _event(200, "1.0", **{"1_0": 50}), _COUNTS)[1] is Arrival.RESOLVED
    assert arrived(life, _event(200, "1.1", **{"1_0": 50, "1_1": 150}), _COUNTS)[1] is Arrival.REGRESSED
    assert arrived(life, _event(200), _COUNTS)[1] is Arrival.REGRESSED


def test_what_is_fixed_in_a_release_regresses_with_it_and_later_ones() -> None:
    """By number where both have one, else by when they were first seen."""
    life = resolved(100, "1.2.0")

    assert arrived(life, _event(200, "1.1.9", **{"1_1_9": 190}), _COUNTS)[1] is Arrival.RESOLVED
    assert arrived(life, _event(200, "1.2.0"), _COUNTS)[1] is Arrival.REGRESSED
    assert arrived(life, _event(200, "1.10.0"), _COUNTS)[1] is Arrival.REGRESSED
    for named, earlier, later in (("1.2.0", "shop@1.1.9", "shop@1.2.0"), ("1.2.0", "shop@1.1.9", "shop@1.3.0"),
                                  ("shop@1.2.0", "1.1.9", "1.2.1"), ("b7f3", "shop@a001", "shop@c9e2")):  # fmt: skip
        seen = {"shop@a001": 10, "shop@b7f3": 20, "shop@c9e2": 30}
        states = [arrived(resolved(100, named), EventMoment(200, name, seen), _COUNTS)[1] for name in (earlier, later)]
        assert states == [Arrival.RESOLVED, Arrival.REGRESSED], named
    assert is_later("shop@2.0.0+7", "shop@1.9.9", {})
    assert not is_later("shop@2.0.0", "api@1.0.0", {})
    assert is_later("b7f3", "a001", {"b7f3": 2, "a001": 1})


def test_what_is_ignored_escalates_at_the_first_of_its_conditions() -> None:
    """Counted from the decision, and as a date without an event."""
    for until, few, many in (
        (IgnoredUntil(events=5), Tally(14, 1, 1), Tally(15, 1, 1)),
        (IgnoredUntil(users=8), Tally(11, 7, 1), Tally(11, 8, 1)),
        (IgnoredUntil(hourly=6), Tally(11, 1, 6), Tally(11, 1, 7)),
    ):
        life = counted(ignored(100, until), 10)
        assert arrived(life, _event(200), few) == (life, Arrival.IGNORED)
        assert arrived(life, _event(200), many) == (IssueLife(IssueState.ESCALATING, 200), Arrival.ESCALATED)
    assert current(ignored(100, IgnoredUntil(until_us=300)), 300).state is IssueState.ONGOING
    assert arrived(ignored(100, IgnoredUntil()), _event(10 * RECENT_US), Tally(9, 9, 9))[1] is Arrival.IGNORED
