"""The page of a check: strips, trends with band and marks, runs page by page, and the policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.alerts.finding import Problem
from outrider.baselines import Settings, dump
from outrider.baselines import State as JudgeState
from outrider.baselines.judge import advance
from outrider.dashboard import CheckQuery, check_detail
from outrider.dashboard.check_state import State
from outrider.dashboard.page_addresses import check_path, read_position, write_position
from outrider.model import Checkpoint, Kind, Outcome, Release, RunPosition, UsageError, new_run_id

from .conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>"


def test_trends_show_hours_before_and_after_they_are_rolled_up(scene: Scene) -> None:
    """A week by hour, more by day, of the place that is asked for."""
    only = scene.add("only", locations=("oslo", "rome"))
    for ago in range(1, 50):
        scene.ran(only, ago_us=ago * HOUR_US, location="oslo")
    scene.ran(only, location="rome")
    before = check_detail(scene.sources, only.id, CheckQuery(location="oslo"))
    scene.store.prune(NOW_US)
    scene.ran(only, location="oslo")

    after = check_detail(scene.sources, only.id, CheckQuery(location="oslo"))
    month = check_detail(scene.sources, only.id, CheckQuery(days=30))

    assert [trend.location for trend in after.trends] == ["oslo"]
    assert [trend.location for trend in month.trends] == ["oslo", "rome"]
    assert len(before.trends[0].at_us) == 7 * 24
    assert sum(value is not None for value in before.trends[0].p50_ms) == 49
    assert sum(value is not None for value in after.trends[0].p50_ms) == 50
    assert len(month.trends[0].at_us) == 30
    assert month.trends[0].latest_ms == pytest.approx((120.0, 120.0), rel=0.011)


def test_the_page_names_state_incidents_releases_and_policy(scene: Scene) -> None:
    """With links to runs, and a mark for each release and incident in its trends."""
    pay = scene.add(
        "test_pay", Kind.JOURNEY, tags=frozenset({"shop"}), labels={"team": "checkout"}, every_s=90.0, cron=None
    )
    for ago in range(2, 30):
        scene.ran(pay, ago_us=ago * HOUR_US)
    failed = scene.ran(pay, Outcome.FAILED, reason="status 500")
    scene.incident(pay, Problem.DEGRADATION, "3 times as slow", since_us=NOW_US - 5 * HOUR_US)
    scene.store.judgements.record_release(Release("v2.4", "production", NOW_US - 6 * HOUR_US))

    (page,) = scene.get(check_path(pay.id))

    assert page.status_code == 200
    for text in ("status 500", "pay is slow", "v2.4", "every 1.5 min", "team=checkout", "journeys/test_shop.py"):
        assert text in page.text
    assert f'href="/runs/{failed.id}"' in page.text
    assert page.text.count('class="release"') == page.text.count('class="change"') == 1


def test_runs_are_paged_by_position_and_filtered_by_outcome(scene: Scene) -> None:
    """Following the links visits every run once; a position that is none begins anew."""
    only = scene.add("only")
    runs = [scene.ran(only, ago_us=minute * MINUTE_US) for minute in range(1, 61)]
    failed = scene.ran(only, Outcome.FAILED)

    seen, address = [], f"{check_path(only.id)}?days=1"
    while address:
        (page,) = scene.get(address)
        seen += re.findall(r'<th scope="row"><a href="/runs/([^"]+)"', page.text)
        found = re.search(r'rel="next" href="([^"]+)#runs"', page.text)
        address = found.group(1).replace("&amp;", "&") if found else ""
    filtered, odd, past = scene.get(
        f"{check_path(only.id)}?outcome=failed",
        f"{check_path(only.id)}?outcome=nonsense&days=many&location=nowhere&before=1.{HOSTILE}",
        f"{check_path(only.id)}?before=1.{failed.id}",
    )

    assert sorted(seen) == sorted(run.id for run in (*runs, failed))
    assert re.findall(r'<th scope="row"><a href="/runs/([^"]+)"', filtered.text) == [failed.id]
    assert odd.text.count('<th scope="row">') == 25
    assert "No run fits." in past.text


def test_a_deleted_check_keeps_its_page_and_a_renamed_one_both_names(scene: Scene) -> None:
    """What never was is not found."""
    old, new = scene.add("old"), scene.add("new")
    scene.ran(old, ago_us=DAY_US)
    scene.ran(new)
    scene.checks = [new]
    deleted = check_detail(scene.sources, old.id, CheckQuery())
    scene.store.checks.rename(old.id, new.id, NOW_US)

    renamed = check_detail(scene.sources, old.id, CheckQuery())
    pages = scene.get(check_path(old.id), check_path("probe:none"), "/checks/", "/checks/%00")

    assert (deleted.is_configured, deleted.status.state, len(deleted.runs)) == (False, State.PAUSED, 1)
    assert (renamed.check.id, len(renamed.runs)) == (new.id, 2)
    assert [page.status_code for page in pages] == [200, 404, 404, 404]
    with pytest.raises(UsageError, match="no check is called"):
        check_detail(scene.sources, "probe:none", CheckQuery())


@pytest.mark.parametrize("name", ["a/../b", "a//b", "what?", "a#b", "100 %", HOSTILE, "商品", "a\\b", "/"])
def test_every_id_has_an_address_that_leads_to_it(scene: Scene, name: str) -> None:
    """Whatever it is made of; what a page shows of it is text."""
    odd = scene.add(name)
    scene.ran(odd)

    (page,) = scene.get(check_path(odd.id))

    assert page.status_code == 200
    assert HOSTILE not in page.text


def test_a_check_that_never_ran_and_one_that_ran_once_have_pages(scene: Scene) -> None:
    """They say what is missing."""
    never, once = scene.add("never"), scene.add("once", enabled=False)
    scene.ran(once)

    empty, single = scene.get(check_path(never.id), check_path(once.id))

    assert "It made no run yet." in empty.text
    assert "No step was measured yet." in empty.text
    assert single.status_code == 200
    assert single.text.count('<th scope="row">') == 1


def test_the_band_of_the_judge_is_drawn_once_it_has_learned(scene: Scene) -> None:
    """A checkpoint that cannot be read draws none, and is no error."""
    only = scene.add("only")
    run = scene.ran(only)
    (series,) = scene.store.series.of(only.id)
    at = np.arange(28 * 24, dtype=np.int64) * 3_600 + NOW_US // 1_000_000 - 28 * 86_400
    state, _ = advance(JudgeState(settings=Settings()), at, 120.0 * np.random.default_rng(3).lognormal(0, 0.1, len(at)))

    trends = {}
    for reason, kept in (("broken", b"broken"), ("learned", dump(state))):
        scene.store.judgements.record_checkpoints([Checkpoint(series, run.due_us, "steady", reason, kept)])
        (trends[reason],) = check_detail(scene.sources, only.id, CheckQuery()).trends
    (page,) = scene.get(check_path(only.id))

    assert (trends["broken"].condition, trends["broken"].low_ms) == ("steady", ())
    assert len(trends["learned"].low_ms) == 7 * 24
    assert 60 < trends["learned"].low_ms[-1] < 120 < trends["learned"].high_ms[-1] < 200
    assert page.text.count('class="band"') == 1


FAR = f"{10**30}.{new_run_id(1, bytes(10))}"


@pytest.mark.parametrize("text", ["", "1", ".", "x.y", "1.2", FAR, "-.-", "\u0661.x"])
def test_a_cursor_that_is_none_is_ignored(text: str) -> None:
    """And one that was written is read back."""
    position = RunPosition(NOW_US, new_run_id(NOW_US))

    assert read_position(text) is None
    assert read_position(write_position(position)) == position


def test_samples_far_beyond_any_calendar_do_not_break_the_page(scene: Scene) -> None:
    """A clock that ran wild once is in no strip, and its run is listed without a date."""
    only = scene.add("only")
    scene.ran(only, ago_us=-(10**17))
    scene.ran(only)

    overview, page = scene.get("/", check_path(only.id))

    assert (overview.status_code, page.status_code) == (200, 200)
