"""A load that is under way, on the page that its run will have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard import check_path
from outrider.model import Kind, LoadSecond, new_run_id

from .conftest import NOW_US
from .test_load_page import load_run

if TYPE_CHECKING:
    from outrider.model import Check, RunId

    from .conftest import Scene

SECOND_US = 1_000_000


def begun(scene: Scene, load: Check, run: RunId, seconds: int = 30, ago_us: int = 0) -> None:
    """Store the seconds of a load that goes on."""
    scene.store.load_progress.record(
        [
            LoadSecond(
                run, load.id, NOW_US - ago_us - (seconds - number) * SECOND_US, float(number), number + 1,
                100.0 + number, 0.5 if number % 2 else 0.0, 12.0, 40.0 + number, None, 90.0 - number,
            )
            for number in range(seconds)
        ]
    )  # fmt: skip


def test_its_page_shows_rate_times_errors_and_users_second_by_second(scene: Scene) -> None:
    """It is fetched again for each second of its check's load."""
    rush, run = scene.add("rush", Kind.LOAD), new_run_id(NOW_US)
    begun(scene, rush, run)

    (page,) = scene.get(f"/runs/{run}")

    assert page.status_code == 200
    assert f'data-live="load {rush.id}"' in page.text
    for shown in ("running", "129.0", "69 ms", "Requests a second", "Response times", "Users", "1 min 1 s left"):
        assert shown in page.text, shown


def test_its_page_becomes_that_of_its_run(scene: Scene) -> None:
    """Under the same address."""
    rush = scene.add("rush", Kind.LOAD)
    run = load_run(scene, rush)
    begun(scene, rush, run.id)

    (page,) = scene.get(f"/runs/{run.id}")

    assert "data-live=" not in page.text
    assert "Endpoints" in page.text


def test_its_check_leads_to_it_while_it_goes_on(scene: Scene) -> None:
    """One of which nothing is heard is not under way."""
    rush, other = scene.add("rush", Kind.LOAD), scene.add("other", Kind.LOAD)
    run, silent = new_run_id(NOW_US), new_run_id(NOW_US + 1)
    begun(scene, rush, run)
    begun(scene, other, silent, ago_us=60 * SECOND_US)

    page, quiet = scene.get(check_path(rush.id), check_path(other.id))
    (lost,) = scene.get(f"/runs/{silent}")

    assert f'href="/runs/{run}">watch it</a>' in page.text
    assert "watch it" not in quiet.text
    assert "Nothing was heard of this load for 1 min" in lost.text


def test_one_that_has_just_begun_and_hostile_ids_are_pages(scene: Scene) -> None:
    """A chart needs two seconds; what nobody knows is 404."""
    rush, run = scene.add("<script>alert(1)</script>", Kind.LOAD), new_run_id(NOW_US)
    begun(scene, rush, run, seconds=1)

    page, *others = scene.get(f"/runs/{run}", "/runs/%3Cscript%3E", "/runs/..%2f..%2fx", f"/runs/{'a' * 500}")

    assert "It has just begun." in page.text
    assert "<script>alert" not in page.text
    assert {answer.status_code for answer in others} == {404}


def test_where_scripts_are_off_only_what_is_watched_is_loaded_again(scene: Scene) -> None:
    """The wall and a running load; elsewhere it would take away what somebody writes or has opened."""
    run = new_run_id(NOW_US)
    begun(scene, scene.add("rush", Kind.LOAD), run)
    watched, others = ["/?wall=1", f"/runs/{run}"], sorted(scene.fixed_pages)

    renewed = [path for path in (*watched, *others) if 'http-equiv="refresh"' in scene.get(path)[0].text]

    assert renewed == watched
