"""What pages remember of checks is never older than what the store holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import Filter, overview
from outrider.dashboard.check_cache import CheckCache
from outrider.dashboard.recent_history import read_last_runs
from outrider.model import CheckId, Outcome

from .conftest import HOUR_US, MINUTE_US, NOW_US, check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.dashboard import Sources
    from outrider.model import Check

    from .conftest import Scene


def shown(sources: Sources) -> dict[str, tuple[str, int, int, float | None]]:
    """Return state, failed runs of the hour and the day, and p95 of the hour of each check."""
    lines = [line for group in overview(sources, Filter()).groups for line in group.lines]
    return {
        line.status.check.title: (
            line.status.state.value, line.hours[-1].failed, line.days[-1].failed, line.p95_ms[-1],
        )
        for line in lines
    }  # fmt: skip


def test_a_new_run_is_on_the_page_that_is_asked_for_next(scene: Scene) -> None:
    """With its strips, and beside what others did before; a late one of an hour ago, too."""
    home, pay = scene.add("home"), scene.add("pay")
    for one in (home, pay):
        scene.ran(one, ago_us=5 * MINUTE_US)
    sources = scene.sources
    before = shown(sources)
    scene.ran(pay, ago_us=2 * MINUTE_US, took_ms=900.0)
    scene.ran(pay, Outcome.FAILED)
    after = shown(sources)
    scene.ran(home, Outcome.FAILED, ago_us=HOUR_US)
    (home_line,) = overview(sources, Filter(text="home")).groups[0].lines

    assert before == {"home": ("well", 0, 0, 120.0), "pay": ("well", 0, 0, 120.0)}
    assert after == {"pay": ("failing", 1, 1, 900.0), "home": ("well", 0, 0, 120.0)}
    assert [slot.failed for slot in home_line.hours[-2:]] == [1, 0]


def test_a_check_is_read_again_whatever_its_id_looks_like(scene: Scene) -> None:
    """Changes name it as the store keeps it: printable, and cut where it is long."""
    odd = replace(check("odd"), id=CheckId("probe:p::\ud800" + "x" * 400))
    cache = CheckCache(scene.store.history, lambda some, now_us: read_last_runs(scene.store.history, some, now_us))
    scene.ran(odd)
    first = cache.values([odd], NOW_US)[odd.id]
    scene.ran(odd, Outcome.FAILED)

    assert [run.outcome for run in first] == [Outcome.PASSED]
    assert [run.outcome for run in cache.values([odd], NOW_US)[odd.id]] == [Outcome.FAILED]


def test_what_was_read_before_a_change_is_not_kept_after_it(scene: Scene) -> None:
    """As where one page is made slowly while another one sees the run that came meanwhile."""
    home = scene.add("home")
    scene.ran(home, ago_us=5 * MINUTE_US)
    history, interrupted = scene.store.history, False

    def read(checks: Sequence[Check], now_us: int) -> Mapping[CheckId, Outcome]:
        nonlocal interrupted
        values = {name: runs[0].outcome for name, runs in read_last_runs(history, checks, now_us).items()}
        if not interrupted:
            interrupted = True
            scene.ran(home, Outcome.FAILED)
            assert cache.values(checks, now_us) == {home.id: Outcome.FAILED}
        return values

    cache = CheckCache(history, read)

    assert cache.values([home], NOW_US) == {home.id: Outcome.PASSED}
    assert cache.values([home], NOW_US) == {home.id: Outcome.FAILED}


def test_everything_is_read_again_after_a_minute_and_in_another_hour(scene: Scene) -> None:
    """No new run tells what retention removed; and each place of a check has a value of its own."""
    home = scene.add("home", locations=("berlin", "oslo"))
    there = replace(home, policy=replace(home.policy, locations=("oslo",)))
    asked: list[tuple[str, ...]] = []

    def read(checks: Sequence[Check], _: int) -> Mapping[CheckId, None]:
        asked.append(tuple(checks[0].policy.locations))
        return {one.id: None for one in checks}

    cache = CheckCache(scene.store.history, read)
    for wanted, after_us in ((home, 0), (there, 1), (home, MINUTE_US - 1), (home, MINUTE_US), (home, HOUR_US)):
        cache.values([wanted], NOW_US + after_us)

    assert asked == [("berlin", "oslo"), ("oslo",), ("berlin", "oslo"), ("berlin", "oslo")]
