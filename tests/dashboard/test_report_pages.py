"""Reports that are opened from pages, and checks without data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.app.reporting.report_shelf import WorkspaceReports
from outrider.dashboard import ReportName
from outrider.model import Outcome, Release, UsageError
from outrider.workspace import load

from .conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US, check

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>\u202e"


def test_weeks_days_and_releases_are_listed(scene: Scene) -> None:
    """A release only with one before it in its environment, and no week, month or quarter before the first run."""
    scene.ran(scene.add("home"), ago_us=30 * DAY_US)
    for name, environment, ago in (("v1", "production", 9), ("v2 & ü", "production", 3), (HOSTILE, "staging", 1)):
        scene.store.judgements.record_release(Release(name, environment, NOW_US - ago * DAY_US))

    page = scene.get("/reports")[0].text
    listed = scene.get("/api/v1/reports")[0].json()["items"]

    assert page.count('class="wide"') == 2 + 4 + 1
    assert 'href="/reports/release?release=v2+%26+%C3%BC&amp;environment=production"' in page
    assert "<script>alert" not in page
    weeks = [item for item in listed if item["week"]]
    assert [item["week"] for item in weeks[:2]] == ["2024-W39", "2024-W38"]
    assert weeks[-1]["week"] == "2024-W36"
    assert weeks[0]["since"] == "2024-09-23T00:00:00.000000Z"
    assert [(item["title"], item["month"], item["until"]) for item in listed if item["kind"] == "monthly"] == [
        ("October 2024, until now", "2024-10", None), ("September 2024", "2024-09", "2024-10-01T00:00:00.000000Z"),
    ]  # fmt: skip
    assert [(item["title"], item["quarter"]) for item in listed if item["kind"] == "quarterly"] == [
        ("Q4 2024, until now", "2024-Q4"), ("Q3 2024", "2024-Q3"),
    ]  # fmt: skip
    assert '<option value="2024-09" selected>September 2024</option>' in page
    assert '<option value="2024-Q3" selected>Q3 2024</option>' in page


def test_a_report_opens_without_an_origin_and_can_be_saved(scene: Scene) -> None:
    """As one file of its own, which reads nothing of the pages; as Markdown and JSON it is an attachment."""
    only = scene.add("only", title=HOSTILE)
    for hour in range(1, 30):
        scene.ran(only, ago_us=hour * HOUR_US)

    page, text, data, quarter = scene.get(
        "/reports/weekly?week=2024-W39", "/reports/daily?format=md", "/reports/monthly?month=2024-09&format=json",
        "/api/v1/reports/quarterly?quarter=2024-Q4",
    )  # fmt: skip

    assert {answer.status_code for answer in (page, text, data, quarter)} == {200}
    assert page.headers["Content-Security-Policy"].startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in page.headers["Content-Security-Policy"]
    assert page.text.startswith("<!doctype html>")
    assert HOSTILE not in page.text
    assert text.headers["Content-Disposition"] == 'attachment; filename="daily-now.md"'
    assert data.headers["Content-Disposition"] == 'attachment; filename="monthly-2024-09.json"'
    assert data.json()["period"]["title"] == "month 2024-09"
    assert quarter.json()["report"]["period"]["title"] == "quarter 2024-Q4"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/reports/yearly", 404),
        ("/reports/weekly?week=2999-W01", 404),
        ("/reports/weekly?week=%00", 404),
        ("/reports/monthly?month=2024-13", 404),
        ("/reports/release?release=none", 404),
        ("/reports/daily?format=exe", 404),
        ("/api/v1/reports/yearly", 404),
        ("/api/v1/reports/weekly?week=x", 400),
        ("/api/v1/reports/monthly?month=2999-01", 400),
        ("/api/v1/reports/quarterly?quarter=2024-Q5", 400),
        ("/api/v1/reports/release?release=none", 404),
    ],
)
def test_a_report_that_is_none_is_not_built(scene: Scene, path: str, status: int) -> None:
    """The answer says what there is."""
    (answer,) = scene.get(path)

    assert answer.status_code == status


def test_a_report_is_kept_for_five_minutes(scene: Scene) -> None:
    """Whoever opens the same in that time costs nothing."""
    now_s = [0.0]
    shelf = WorkspaceReports(load(scene.root), scene.store, lambda: now_s[0])
    name = ReportName("weekly", "2024-W39")

    first = shelf.build(name, "md")
    scene.ran(scene.add("new"), ago_us=10 * DAY_US)
    now_s[0] = 299.0
    same = shelf.build(name, "md")
    now_s[0] = 301.0
    later = shelf.build(name, "md")

    assert same == first
    assert later != first
    with pytest.raises(UsageError):
        shelf.build(ReportName("weekly", "2999-W01"), "md")


def test_checks_without_data_are_listed_with_the_reason(scene: Scene) -> None:
    """One that was measured within the day is not, and one that is gone leads to its history."""
    well, new, silent = scene.add("well"), scene.add("new"), scene.add("silent", title=HOSTILE)
    paused, off = scene.add("paused"), scene.add("off", enabled=False)
    gone = check("gone")
    scene.store.checks.record([gone], NOW_US - DAY_US)
    scene.ran(well)
    scene.ran(silent, ago_us=30 * HOUR_US)
    scene.ran(silent, Outcome.INCONCLUSIVE, reason="host is starved")
    scene.store.schedule.pause(paused.id, NOW_US, "new roof")
    scene.service = replace(scene.service)

    page, one_reason, odd = scene.get("/without-data", "/without-data?why=paused", "/without-data?why=x&after=%FF")
    items = scene.get("/api/v1/without-data")[0].json()["items"]

    assert {item["check"]: item["why"] for item in items} == {
        new.id: "no run yet", silent.id: "nothing for a day", paused.id: "paused", off.id: "switched off",
        gone.id: "not in the workspace",
    }  # fmt: skip
    for text in ("inconclusive: host is starved", "new roof", "1 not in the workspace"):
        assert text in page.text
    assert one_reason.text.count('<tr><th scope="row">') == 1
    assert odd.status_code == 200
    assert "<script>alert" not in page.text


def test_checks_without_data_follow_each_other_by_cursor(scene: Scene) -> None:
    """A thousand are twenty pages; without any the page says so."""
    scene.ran(scene.add("well"), ago_us=MINUTE_US)
    calm = scene.get("/without-data")[0].text
    for number in range(120):
        scene.add(f"new {number:03} 決済")

    seen: list[str] = []
    address = "/without-data"
    while address:
        (page,) = scene.get(address)
        seen += [
            part.split("<")[0]
            for part in page.text.split('<th scope="row"><a href="')[1:]
            for part in [part.split("<bdi>")[1]]
        ]
        following = page.text.split('rel="next" href="')[1:]
        address = following[0].split('"')[0].replace("&amp;", "&") if following else ""

    assert "Every check that is switched on was measured within the last day." in calm
    assert seen == [f"new {number:03} 決済" for number in range(120)]
