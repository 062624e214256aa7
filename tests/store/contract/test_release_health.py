"""The contract of release health: whoever implements the port passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import ErrorEvent, ErrorException, ReleaseVisits, Retention, SessionCount

if TYPE_CHECKING:
    from outrider.store import Store

_DAY_US = 86_400 * SECOND_US


def _count(release: str, user: str = "", *, crashed: int = 0, at_us: int = NOW_US, project: int = 1) -> SessionCount:
    return SessionCount(project, "live", release, at_us, user, 1, crashed, crashed)


def test_sessions_and_users_are_counted_by_release(store: Store) -> None:
    """A user of two days is one; adoption is the share of the last 24 hours; a token counts once."""
    store.errors.add([
        ErrorEvent("a" * 32, 1, NOW_US, NOW_US, exceptions=(ErrorException("E"),), release="2"),
        ErrorEvent("b" * 32, 2, NOW_US, NOW_US, exceptions=(ErrorException("E"),), release="2"),
    ])  # fmt: skip
    old = [_count("1", user, at_us=NOW_US - 2 * _DAY_US) for user in "abcd"]
    new = [_count("1", "a"), _count("2", "a", crashed=1), _count("2", "a"), _count("2", "b"), _count("2", project=2)]

    taken = [store.release_health.add(old, 5), store.release_health.add(new, 6), store.release_health.add(new, 6)]
    health = {own.release: own for own in store.release_health.list(NOW_US, NOW_US - 9 * _DAY_US, project=1)}

    assert taken == [True, True, False]
    assert (health["1"].sessions, health["1"].users, health["1"].crash_free_users) == (5, 4, 1.0)
    assert (health["1"].adoption, health["2"].adoption) == (0.25, 0.75)
    assert health["2"].crash_free == 1 - 1 / 3
    assert (health["2"].users, health["2"].crashed_users, health["2"].new_issues) == (2, 1, 1)
    assert [own.release for own in store.release_health.list(NOW_US, NOW_US, environment="live", limit=1)] == ["2"]
    assert not store.release_health.list(NOW_US, 0, environment="other")


def test_visits_count_where_no_browser_tells_of_sessions_itself(store: Store) -> None:
    """Beside those of a server; a release that browsers tell of has them once, and shares of adoption are of all."""
    served, told = _count("1", "a"), _count("2", "b")._replace(from_pages=1)
    store.release_health.add([served, told], 1)
    visits = [
        ReleaseVisits(1, "shop", "live", release, NOW_US - _DAY_US, NOW_US, 10, 4, 2, 9, 1, 5) for release in "123"
    ]

    health = {own.release: own for own in store.release_health.list(NOW_US, NOW_US - _DAY_US, visits=visits)}

    assert [(own.sessions, own.errored, own.crashed) for own in map(health.__getitem__, "123")] == [
        (11, 4, 2), (1, 0, 0), (10, 4, 2),
    ]  # fmt: skip
    assert [(own.users, own.crashed_users) for own in map(health.__getitem__, "123")] == [(10, 1), (1, 0), (9, 1)]
    assert [own.adoption for own in map(health.__getitem__, "123")] == [6 / 12, 1 / 12, 5 / 12]
    assert health["3"].last_us - health["3"].first_us == _DAY_US


def test_names_are_bounded_and_sums_go_with_the_errors(store: Store) -> None:
    """Whoever sends a new release with each session gets one row for what is too much."""
    store.release_health.add([_count(f"r{number}") for number in range(300)], 1)
    store.release_health.add([_count("late"), _count("r7")], 2)
    health = {own.release: own.sessions for own in store.release_health.list(NOW_US, 0, limit=1_000)}

    assert (len(health), health[""], health["r7"], sum(health.values())) == (201, 101, 2, 302)

    store.prune(NOW_US + 100 * _DAY_US, Retention())

    assert not store.release_health.list(NOW_US, 0)
