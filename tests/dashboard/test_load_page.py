"""The page of a load: its curve and knee, endpoints, failures, the journey beside it, and the loads before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import run_of

from outrider.dashboard import run_detail
from outrider.dashboard.load_points import LoadPoints
from outrider.model import (
    EndpointLoad,
    FailureGroup,
    ForegroundRun,
    Histogram,
    Kind,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    bucket_of,
    new_run_id,
)

from .conftest import HOUR_US, NOW_US

if TYPE_CHECKING:
    from outrider.model import Check, Run

    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>"
LEVELS = (5, 10, 15, 20, 25, 30, 35)
LEVEL_S = 6


def answers(count: int, took_ms: float) -> Histogram:
    return Histogram({bucket_of(took_ms): count} if count else {})


def interval(second: int, most_per_s: int) -> LoadInterval:
    """A second of a load whose target answers two requests a user, up to a limit."""
    users = LEVELS[second // LEVEL_S]
    rate = min(2 * users, most_per_s)
    parts = (
        EndpointLoad("GET /cart", answers(rate, 40.0 + users)),
        EndpointLoad(f"POST {HOSTILE}", failed=answers(1, 900.0)),
    )
    return LoadInterval(float(second), 1.0, users, 1, 0.3, 2.0, 0.0, parts)


def load_of(most_per_s: int = 40, journeys: int = 3) -> LoadResult:
    seconds = range(len(LEVELS) * LEVEL_S)
    beside = tuple(
        ForegroundRun(new_run_id(NOW_US + number), number * 5.0, LEVELS[number % len(LEVELS)],
                      Outcome.PASSED if number else Outcome.FAILED, {f"Pay {HOSTILE}": 400.0 + number})
        for number in range(journeys)
    )  # fmt: skip
    failures = (FailureGroup(f"POST {HOSTILE}", f"status 500 {HOSTILE}", len(seconds)),)
    return LoadResult(tuple(interval(second, most_per_s) for second in seconds), failures, beside)


def load_run(scene: Scene, of: Check, ago_us: int = HOUR_US, result: LoadResult | None = None, **changes: Any) -> Run:
    """Store a load."""
    load = load_of() if result is None else result
    run = run_of(Measurement(Outcome.FAILED, "too many failures", NOW_US - ago_us, 42_000.0, load=load), of.id,
                 **{"location": "local", **changes})  # fmt: skip
    scene.store.runs.record(run)
    return run


def test_the_page_shows_the_knee_with_its_interval_and_what_failed(scene: Scene) -> None:
    """Curve, endpoints, failures and the journey beside it; what targets sent is text."""
    run = load_run(scene, scene.add("rush", Kind.LOAD))

    (page,) = scene.get(f"/runs/{run.id}")

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    for text in ("80 % interval", "GET /cart", "status 500", "It passed 2 of 3 runs", "Rate by users", "this run",
                 "Response times", 'class="curve"'):  # fmt: skip
        assert text in page.text
    assert page.text.count("<script") == page.text.count("<script src=")


def test_loads_of_one_profile_stand_in_a_row_with_their_knees(scene: Scene) -> None:
    """Of the same place, the oldest first; those that made no load are left out."""
    rush = scene.add("rush", Kind.LOAD)
    good = load_run(scene, rush, 5 * HOUR_US, load_of(20), outcome=Outcome.PASSED)
    load_run(scene, rush, 4 * HOUR_US, load_of(60), location="oslo")
    scene.ran(rush, Outcome.MISSED, ago_us=3 * HOUR_US, attempts=())
    load_run(scene, rush, 2 * HOUR_US, load_of(30))
    run = load_run(scene, rush, HOUR_US, load_of(40))

    load = run_detail(scene.sources, run.id).load

    assert load is not None
    rates = [point.knee[0] for point in load.points if point.knee]
    assert [round(rate / 10) * 10 for rate in rates] == [20, 30, 40]
    assert load.points[-1].id == run.id
    assert not load.has_older
    assert load.good == good.id
    against = "Against the last good load (Fri 04 Oct 07:46): 31.4 requests/s, 69 % more than the 18.6 then"
    assert against in scene.get(f"/runs/{run.id}")[0].text


def test_a_load_without_requests_has_a_page(scene: Scene) -> None:
    """It says that nothing was sent; a run that made no load has no load on its page."""
    rush = scene.add("rush", Kind.LOAD)
    empty = load_run(scene, rush, result=LoadResult())
    missed = scene.ran(rush, Outcome.MISSED, attempts=())

    pages = scene.get(f"/runs/{empty.id}", f"/runs/{missed.id}")

    assert [page.status_code for page in pages] == [200, 200]
    assert "No request was sent." in pages[0].text
    assert "Loads up to this one" not in pages[1].text


def test_runs_of_the_journey_beyond_the_limit_are_counted(scene: Scene) -> None:
    """As is every list of the page."""
    run = load_run(scene, scene.add("rush", Kind.LOAD), result=load_of(journeys=70))

    load = run_detail(scene.sources, run.id).load

    assert load is not None
    assert (len(load.journeys), load.more_journeys) == (60, 10)
    assert "10 further runs left out." in scene.get(f"/runs/{run.id}")[0].text


def test_what_a_load_came_to_is_computed_once(scene: Scene) -> None:
    """A stored run does not change: a second question asks the store for nothing."""
    run = load_run(scene, scene.add("rush", Kind.LOAD))
    points = LoadPoints()

    first = points.read(scene.store.runs, run.id)
    scene.store.close()

    assert points.read(scene.store.runs, run.id) is first
