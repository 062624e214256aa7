"""The charts of a page in a real browser: to point at, to zoom, and only by the script that the page allows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import MINUTE_US
from playwright.sync_api import expect

from outrider.charts import Trend, draw_trend
from outrider.charts.interactive import assets
from outrider.model import Outcome, Release
from outrider.reports import ReportSettings, render_html

from .conftest import NOW_US
from .test_weekly import HOSTILE, run

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Locator, Page

    from .conftest import Bench

DAY_US = 86_400_000_000


@dataclass
class Reader:
    """Somebody who opens a report, and what the browser complained of meanwhile."""

    browser: Browser
    folder: Path
    complaints: list[str] = field(default_factory=list)

    def open(self, page: str, *, scripts: bool = True) -> Page:
        file = self.folder / "report.html"
        file.write_text(page, encoding="utf-8")
        tab = self.browser.new_page(viewport={"width": 1100, "height": 900}, java_script_enabled=scripts)
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", self._dismiss)
        tab.on("request", lambda request: self.complaints.append(request.url))
        tab.goto(file.as_uri())
        self.complaints.remove(file.as_uri())
        return tab

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def reader(chromium: Browser, tmp_path: Path) -> Reader:
    return Reader(chromium, tmp_path)


def first_chart(tab: Page) -> Locator:
    tab.locator(".check > summary").first.click()
    chart = tab.locator(".chart").first
    chart.scroll_into_view_if_needed()
    chart.locator("canvas").wait_for()
    return chart


def point(tab: Page, chart: Locator, share: float) -> str:
    """Return what is told of a place of the chart; the share is of its plot's width."""
    area = chart.locator(".u-over").bounding_box()
    assert area is not None
    tab.mouse.move(area["x"] + area["width"] * share, area["y"] + area["height"] / 2)
    tip = chart.locator(".tip")
    tip.wait_for(state="visible")
    return tip.inner_text().replace("\n\n", "\n")


def test_a_value_alone_stands_in_the_middle_of_an_hour(reader: Reader) -> None:
    """Not at the edge of years."""
    script = assets()
    assert script is not None
    chart = draw_trend(Trend("p95", [NOW_US], [37.0]))
    tab = reader.open(f"<style>{script.style}</style><body>{chart}<script>{script.script}</script>")
    tab.locator("canvas").wait_for()

    told = point(tab, tab.locator(".chart"), 0.9)
    area, mark = (tab.locator(place).bounding_box() for place in (".u-over", ".u-cursor-pt"))

    assert told.endswith("median: 37 ms")
    assert area is not None
    assert mark is not None
    assert mark["x"] + mark["width"] / 2 == pytest.approx(area["x"] + area["width"] / 2, abs=2)
    assert reader.complaints == []


@pytest.mark.slow
def test_pointing_at_a_chart_tells_its_values(bench: Bench, reader: Reader) -> None:
    """When, how much, what is usual, and the release of that moment."""
    bench.fill(checks=1, days=35)
    bench.store.judgements.record_release(Release("3.1.4", "production", NOW_US - 2 * DAY_US))
    page = bench.page()
    tab = reader.open(page)
    chart = first_chart(tab)

    label = point(tab, chart, 0.5)
    near = [point(tab, chart, share / 500) for share in range(450, 485)]

    assert "\nmedian: " in label
    assert " ms\nusual: " in label
    assert any(text.endswith("\n3.1.4") for text in near)
    assert reader.complaints == []


def test_a_chart_is_zoomed_by_dragging_and_whole_again_by_a_double_click(bench: Bench, reader: Reader) -> None:
    """The same place of the chart is another moment while it is zoomed."""
    bench.fill(checks=1, days=35)
    tab = reader.open(bench.page())
    chart = first_chart(tab)
    whole = point(tab, chart, 0.1)

    point(tab, chart, 0.5)
    tab.mouse.down()
    point(tab, chart, 0.75)
    tab.mouse.up()
    zoomed = point(tab, chart, 0.1)
    chart.locator(".u-over").dblclick()

    assert zoomed != whole
    assert point(tab, chart, 0.1) == whole


def test_the_arrow_keys_walk_from_value_to_value(bench: Bench, reader: Reader) -> None:
    """Who has no mouse reads the same."""
    bench.fill(checks=1, days=35)
    tab = reader.open(bench.page())
    chart = first_chart(tab)
    plot = chart.locator(".plot")
    tip = chart.locator(".tip")

    plot.press("ArrowLeft")
    tip.wait_for(state="visible")
    last = tip.inner_text()
    plot.press("ArrowLeft")

    assert tip.inner_text() != last
    assert "ms" in (tip.inner_text())


def test_nothing_hostile_runs(bench: Bench, reader: Reader) -> None:
    """Neither from names of checks, steps and releases, nor from a script that somebody brought into the page."""
    hours = [NOW_US - number * 60 * MINUTE_US for number in range(1, 840)]
    runs = [run(f"journey:{HOSTILE}", Outcome.PASSED, due_us=due_us, step=HOSTILE) for due_us in hours]
    bench.store.runs.record_many([*runs, run(f"journey:{HOSTILE}", Outcome.FAILED, reason=HOSTILE)])
    bench.store.judgements.record_release(Release(HOSTILE, "production", NOW_US - 2 * DAY_US))
    page = bench.page()
    tab = reader.open(page)
    chart = first_chart(tab)
    near = [point(tab, chart, share / 500) for share in range(450, 485)]
    assert any(HOSTILE in text for text in near), "it is shown as text"
    assert HOSTILE in (chart.locator(".plot").get_attribute("aria-label") or "")
    assert reader.complaints == []

    foreign = page.replace("<main>", "<main><script>document.title = 'taken'</script>")
    tab = reader.open(foreign)

    assert tab.title() != "taken"
    assert any("Content Security Policy" in complaint for complaint in reader.complaints)


@pytest.mark.slow
def test_without_script_and_on_paper_the_drawn_chart_is_seen(bench: Bench, reader: Reader) -> None:
    """A mail program, a printer, and who wants no scripts."""
    bench.fill(checks=1, days=35)
    page = bench.page()
    for tab in (
        reader.open(page, scripts=False),
        reader.open(render_html(bench.report(), ReportSettings(), interactive=False)),
    ):
        tab.locator(".check > summary").first.click()
        assert tab.locator(".chart > svg").first.is_visible()
        assert tab.locator("canvas").count() == 0
        assert not tab.locator(".hint").first.is_visible()

    tab = reader.open(page)
    chart = first_chart(tab)
    assert not chart.locator("> svg").is_visible()
    tab.emulate_media(media="print")

    assert chart.locator("> svg").is_visible()
    assert not chart.locator(".plot").is_visible()


def test_charts_are_as_wide_as_their_place(bench: Bench, reader: Reader) -> None:
    """Turning a phone must not leave a chart beyond its edge, nor a wide window one beyond its greatest width."""
    bench.fill(checks=1, days=35)
    tab = reader.open(bench.page())
    chart = first_chart(tab)

    tab.set_viewport_size({"width": 390, "height": 800})
    expect(chart.locator(".uplot")).to_have_css("width", re.compile(r"^3[0-8]\d(\.\d+)?px$"))

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert chart.locator("canvas").is_visible()

    tab.set_viewport_size({"width": 1600, "height": 900})

    expect(chart.locator(".uplot")).to_have_css("width", "832px")
