"""The overview says in a sentence whether somebody has to act, then shows every check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.alerts.finding import Problem, Severity
from outrider.dashboard import Filter, overview
from outrider.dashboard.check_state import State
from outrider.model import CheckView, Kind, Outcome, Release

from .conftest import CALM, DAY_US, HOUR_US, MINUTE_US, NOW_US

if TYPE_CHECKING:
    from outrider.dashboard import OverviewView

    from .conftest import Scene


def states(view: OverviewView) -> dict[str, str]:
    return {line.status.check.title: line.status.state for group in view.groups for line in group.lines}


def titles(scene: Scene, **wanted: str) -> list[str]:
    return list(states(overview(scene.sources, Filter(**wanted))))  # type: ignore[arg-type]  # texts only


def test_the_verdict_names_what_presses_most_with_its_time_and_release(scene: Scene) -> None:
    """An incident before a mere last run, one that nobody took on before one that somebody did."""
    pay, home, search = scene.add("pay"), scene.add("home"), scene.add("search")
    scene.ran(pay)
    scene.ran(home, Outcome.FAILED, reason="status 500")
    scene.ran(search)
    alone = overview(scene.sources, Filter()).verdict
    scene.incident(pay, Problem.DEGRADATION, release="v2.4")

    view = overview(scene.sources, Filter())

    assert alone == "1 of 3 checks needs you; home: failing at 12:45."
    assert view.verdict == "2 of 3 checks need you; pay is slow, since 11:46, after v2.4."
    assert states(view) == {"home": State.FAILING, "pay": State.DEGRADED, "search": State.WELL}


def test_a_calm_verdict_says_what_is_not_known(scene: Scene) -> None:
    """All well is said only where every check ran and passed at once."""
    well, other = scene.add("well"), scene.add("other")
    scene.ran(well)
    partly = overview(scene.sources, Filter()).verdict
    scene.ran(other)
    fully = overview(scene.sources, Filter()).verdict
    scene.checks = []
    without = overview(scene.sources, Filter()).verdict
    scene.checks = None

    assert partly == "No check needs you: 1 well, 1 no run yet."
    assert fully == "All 2 checks are well."
    assert without == "There is no check yet."
    assert overview(scene.sources, Filter()).verdict == "The workspace is being loaded."


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.PASSED, State.WELL),
        (Outcome.PASSED_ON_RETRY, State.UNSTABLE),
        (Outcome.FAILED, State.FAILING),
        (Outcome.INCONCLUSIVE, State.UNMEASURED),
        (Outcome.SETUP_ERROR, State.BROKEN),
        (Outcome.SKIPPED, State.UNMEASURED),
        (Outcome.MISSED, State.UNMEASURED),
    ],
)
def test_the_state_of_a_check_follows_its_last_run(scene: Scene, outcome: Outcome, state: State) -> None:
    """Whatever was before; and a run due in the future, of a clock that was wrong, does not count."""
    only = scene.add("only")
    scene.ran(only, Outcome.FAILED if outcome.is_good else Outcome.PASSED, 5 * MINUTE_US)
    scene.ran(only, outcome)
    scene.ran(only, Outcome.FAILED if outcome.is_good else Outcome.PASSED, -DAY_US)

    assert states(overview(scene.sources, Filter())) == {"only": state}


def test_a_check_in_several_places_is_as_bad_as_its_worst(scene: Scene) -> None:
    """What a gate measured, or another environment, does not count."""
    both = scene.add("both", locations=("oslo", "rome"))
    scene.ran(both, location="oslo")
    scene.ran(both, Outcome.FAILED, 2 * MINUTE_US, location="rome")
    scene.ran(both, Outcome.SETUP_ERROR, environment="production-gate")

    line = overview(scene.sources, Filter()).groups[0].lines[0]

    assert line.status.state is State.FAILING
    assert [(run.location, run.outcome) for run in line.status.last] == [("rome", "failed"), ("oslo", "passed")]
    assert sum(slot.good + slot.failed for slot in line.hours) == 2


def test_strips_show_the_last_day_and_ninety_days_with_what_is_missing(scene: Scene) -> None:
    """Missed runs are gaps, and not failures; what is older or in the future is on no strip."""
    only = scene.add("only")
    for ago_us in (MINUTE_US, 3 * HOUR_US, 26 * HOUR_US, 40 * DAY_US, 91 * DAY_US, -2 * DAY_US):
        scene.ran(only, ago_us=ago_us)
    scene.ran(only, Outcome.FAILED, 3 * HOUR_US + 1)
    scene.ran(only, Outcome.MISSED, 5 * HOUR_US, due_count=7)

    line = overview(scene.sources, Filter()).groups[0].lines[0]

    assert len(line.hours) == 24
    assert len(line.days) == 90
    assert [slot.tone for slot in line.hours][-6:] == ["gap", "none", "bad", "none", "none", "good"]
    assert sum(slot.good for slot in line.days) == 4
    assert sum(slot.absent for slot in line.hours) == 7
    assert [value is not None for value in line.p95_ms][-4:] == [True, False, False, True]


def test_checks_are_grouped_by_service_tag_or_kind_the_worst_group_first(scene: Scene) -> None:
    """And the worst check first within its group."""
    scene.ran(scene.add("a", labels={"service": "billing"}, tags=frozenset({"x"})))
    scene.ran(scene.add("b", tags=frozenset({"shop", "web"})))
    scene.ran(scene.add("c", tags=frozenset({"shop"})), Outcome.FAILED)
    scene.ran(scene.add("d", Kind.JOURNEY))

    view = overview(scene.sources, Filter())

    assert [(group.name, group.total, group.attention) for group in view.groups] == [
        ("shop", 2, 1), ("billing", 1, 0), ("Journeys", 1, 0),
    ]  # fmt: skip
    assert list(states(view)) == ["c", "b", "a", "d"]


def test_a_filter_leaves_in_what_fits_all_of_its_fields(scene: Scene) -> None:
    """Text is looked for in title, id and reason; totals and choices stay those of all checks."""
    scene.ran(scene.add("home", tags=frozenset({"web"})), Outcome.FAILED, reason="Status 503")
    scene.ran(scene.add("pay", locations=("oslo",), environment="staging"))
    scene.ran(scene.add("slow"))
    scene.incident(scene.add("forecast"), Problem.FORECAST, severity=Severity.INFO)

    assert titles(scene, text="STATUS") == titles(scene, tag="web") == titles(scene, state="attention") == ["home"]
    assert titles(scene, location="oslo") == titles(scene, environment="staging", text="pay") == ["pay"]
    assert titles(scene, state="no run yet") == ["forecast"]
    assert titles(scene, state="nonsense") == titles(scene, tag="web", text="pay") == []
    view = overview(scene.sources, Filter(text="pay"))
    assert (view.total, view.matching, view.choices.locations) == (4, 1, ("local", "oslo"))


def test_a_paused_check_needs_nobody(scene: Scene) -> None:
    """Whatever its last run was."""
    only = scene.add("only")
    scene.ran(only, Outcome.FAILED)
    scene.paused(only)

    view = overview(scene.sources, Filter())

    assert (view.attention, states(view)) == (0, {"only": State.PAUSED})


def test_pages_hold_fifty_checks_and_the_last_stands_for_all_beyond(scene: Scene) -> None:
    """Groups keep their totals on every page."""
    for number in range(120):
        scene.add(f"p{number:03}")

    views = [overview(scene.sources, Filter(page=page)) for page in (-1, 1, 2, 3, 10**30)]

    assert [(view.page, view.pages, len(states(view)), view.groups[0].total) for view in views] == [
        (1, 3, 50, 120), (1, 3, 50, 120), (2, 3, 50, 120), (3, 3, 20, 120), (3, 3, 20, 120),
    ]  # fmt: skip


def test_a_renamed_check_keeps_its_history_and_a_deleted_one_is_gone(scene: Scene) -> None:
    """The workspace says which checks there are."""
    old, new = scene.add("old"), scene.add("new")
    scene.ran(old, ago_us=3 * HOUR_US)
    scene.store.checks.rename(old.id, new.id, NOW_US)
    scene.checks = [new]

    view = overview(scene.sources, Filter())

    assert states(view) == {"new": State.WELL}
    assert sum(slot.good for slot in view.groups[0].lines[0].hours) == 1


def test_releases_and_incidents_of_all_checks_are_there(scene: Scene) -> None:
    """Those of the last ninety days, and those that last; one that cannot be read is counted."""
    only = scene.add("only")
    scene.store.judgements.record_release(Release("v2", "production", NOW_US - DAY_US))
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - 200 * DAY_US))
    scene.incident(only, what="status 500")

    view = overview(scene.sources, Filter())

    assert [release.name for release in view.releases] == ["v2"]
    assert [incident.lead.what for incident in view.incidents] == ["status 500"]
    assert view.service == replace(CALM, checks=view.service.checks)
    assert CheckView("a", "b").coverage == 1


def test_complete_days_are_read_again_after_ten_minutes(scene: Scene) -> None:
    """Today's runs count at once, late ones of earlier days within that time."""
    only = scene.add("only")
    scene.ran(only)
    sources = scene.sources
    clock = [NOW_US]
    sources = replace(sources, now_us=lambda: clock[0])

    def days() -> list[int]:
        return [slot.good for slot in overview(sources, Filter()).groups[0].lines[0].days][-2:]

    seen = [days()]
    scene.ran(only, ago_us=2 * MINUTE_US)
    scene.ran(only, ago_us=DAY_US)
    seen.append(days())
    clock[0] += 10 * MINUTE_US
    seen.append(days())

    assert seen == [[0, 1], [0, 2], [1, 2]]
