"""The page of a check: strips, trends with band and marks, runs page by page, and the policy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.alerts.finding import Problem
from outrider.baselines import Settings, dump
from outrider.baselines import State as JudgeState
from outrider.baselines.judge import advance
from outrider.dashboard import CheckQuery, PageContext, ReaderClock, check_detail, check_page
from outrider.dashboard.check_state import State
from outrider.dashboard.page_addresses import check_path, read_position, write_position
from outrider.model import Checkpoint, Kind, Outcome, Release, RunPosition, StoredProof, UsageError, new_run_id

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


def test_locations_stand_side_by_side(scene: Scene) -> None:
    """What each said last and how often, without an average over them; a check in one location has no such table."""
    both, only = scene.add("both", locations=("fra", "oslo", "rome")), scene.add("only")
    for ago in range(1, 5):
        scene.ran(both, ago_us=ago * HOUR_US, location="fra")
        scene.ran(
            both, Outcome.FAILED if ago < 3 else Outcome.PASSED, ago_us=ago * HOUR_US, location="oslo", reason="no cart"
        )
    scene.ran(both, Outcome.MISSED, location="oslo", reason="oslo had no live worker")

    detail = check_detail(scene.sources, both.id, CheckQuery())
    page = check_page(detail, PageContext(ReaderClock("UTC", NOW_US)))

    lines = [(place.location, place.passed, place.measured, place.missed) for place in detail.places]
    assert lines == [("fra", 4, 4, 0), ("oslo", 2, 4, 1), ("rome", 0, 0, 0)]
    assert "2 of 4" in page
    assert "more than half of them" in page
    assert check_detail(scene.sources, only.id, CheckQuery()).places == ()


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


def test_this_week_stands_against_the_week_before(scene: Scene) -> None:
    """By UTC day and, today, by hour, once they are summed up; with too few runs nothing is compared."""
    only, young = scene.add("only"), scene.add("young")
    for ago_h in range(3, 14 * 24, 4):
        slow = ago_h < 6 * 24
        scene.ran(only, ago_us=ago_h * HOUR_US, took_ms=400.0 if slow else 100.0)
    for ago_h in range(1, 10):
        scene.ran(young, ago_us=ago_h * HOUR_US)
    before = check_detail(scene.sources, only.id, CheckQuery()).trends[0].shift
    scene.store.prune(NOW_US)

    after = check_detail(scene.sources, only.id, CheckQuery()).trends[0].shift
    (page, other) = scene.get(check_path(only.id), check_path(young.id))

    assert before is None
    assert after is not None
    assert (after.before[0], after.now[0]) == pytest.approx((100.0, 400.0), rel=0.011)
    assert min(after.counts) >= 35
    assert 'class="shift"' in page.text
    assert "This week against last week" not in other.text


def test_the_page_says_what_proving_reported_last(scene: Scene) -> None:
    """A fault that was not noticed stands out; a journey that was never proved names the command."""
    pay, other, probe = scene.add("pay", Kind.JOURNEY), scene.add("a'b", Kind.JOURNEY), scene.add("probe")
    reason = f"time-out {HOSTILE}"
    scene.store.proofs.record(
        StoredProof(pay.id, fault, NOW_US - DAY_US, outcome, noticed, reason, "abcdef0123456789")
        for fault, outcome, noticed in (
            ("", Outcome.PASSED, True),
            ("abort", Outcome.FAILED, True),
            ("delay", Outcome.PASSED, False),
        )
    )

    pages = [page.text for page in scene.get(check_path(pay.id), check_path(other.id), check_path(probe.id))]

    assert "from snapshot abcdef012345" in pages[0]
    assert pages[0].count('<span class="badge bad">no</span>') == 1
    assert "<script>alert" not in pages[0]
    assert "outrider prove &#39;journey:journeys/test_shop.py::a&#39;&#34;&#39;&#34;&#39;b&#39;" in pages[1]
    assert "outrider prove" not in pages[2]
    assert all("outrider calibrate" in page for page in pages)


def test_the_policy_says_where_each_value_comes_from(scene: Scene) -> None:
    """The file and line, or that it is a default."""
    only = scene.add("only", retries=0)
    origins = {"every_s": "scheduler/schedule.toml:3", "retries": "default"}
    sources = replace(scene.sources, policy_origins=lambda _: origins)

    page = check_page(check_detail(sources, only.id, CheckQuery()), PageContext(ReaderClock("UTC", NOW_US)))

    assert "every 5 min<small>scheduler/schedule.toml:3</small>" in page
    assert "<dt>retries</dt><dd>0<small>default</small>" in page
