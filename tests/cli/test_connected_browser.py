"""Every member of Playwright's API that a connection could change works as with a browser that the test launches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

JOURNEYS = """
import json, os
from pathlib import Path
import pytest
from playwright.async_api import async_playwright

SITE = os.environ["SITE"]

@pytest.fixture(params=["shared", "launched"])
def own(request, playwright, browser):
    if request.param == "shared":
        yield browser
    else:
        launched = playwright.chromium.launch()
        yield launched
        launched.close()

LINK = "<a href=/tiny download=file>Save</a>"

def save(page):
    page.goto(SITE)
    page.set_content(LINK)
    with page.expect_download() as caught: page.get_by_text("Save").click()
    return caught.value

def test_downloads(own, tmp_path):
    page = own.new_context(accept_downloads=True).new_page()
    download = save(page)
    assert download.path().is_file() and download.path() == download.path()
    assert download.suggested_filename == "file.html" and download.url.endswith("/tiny")
    assert download.failure() is None
    download.save_as(tmp_path / "kept")
    assert (tmp_path / "kept").is_file()
    other = save(page)
    assert other.path() != download.path()
    other.delete()

def test_videos(own, tmp_path):
    context = own.new_context(record_video_dir=tmp_path / "videos")
    page = context.new_page()
    page.goto(SITE)
    path = page.video.path()
    assert path.parent == tmp_path / "videos" and path.suffix == ".webm"
    context.close()
    assert page.video.path() == path and path.stat().st_size > 0
    assert [file.name for file in (tmp_path / "videos").iterdir()] == [path.name]
    page.video.save_as(tmp_path / "copy.webm")
    assert (tmp_path / "copy.webm").is_file()

def test_video_of_a_page_of_its_own(own, tmp_path):
    page = own.new_page(record_video_dir=str(tmp_path / "videos"))
    page.goto(SITE)
    page.close()
    assert page.video.path().stat().st_size > 0
    page.video.delete()

def test_files_for_inputs(own, tmp_path):
    page = own.new_page()
    page.set_content("<input type=file multiple id=files><input type=file webkitdirectory id=folder>")
    big = tmp_path / "big"
    big.write_bytes(b"x" * (51 << 20))
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "inner" / "leaf").write_text("leaf")
    page.set_input_files("#files", [big])
    assert page.evaluate("document.getElementById('files').files[0].size") == 51 << 20
    page.set_input_files("#folder", tmp_path / "tree")
    assert page.evaluate("document.getElementById('folder').files[0].webkitRelativePath") == "tree/inner/leaf"
    with page.expect_file_chooser() as chosen: page.locator("#files").click()
    chosen.value.set_files([{"name": "n", "mimeType": "text/plain", "buffer": b"abc"}])
    assert page.evaluate("document.getElementById('files').files[0].size") == 3

def test_paths_that_are_written(own, tmp_path):
    context = own.new_context(record_har_path=tmp_path / "own.har")
    context.tracing.start(snapshots=True, screenshots=True, sources=True)
    page = context.new_page()
    page.goto(SITE)
    page.screenshot(path=tmp_path / "shot.png")
    page.pdf(path=tmp_path / "page.pdf")
    context.storage_state(path=tmp_path / "state.json")
    context.tracing.start_chunk()
    context.tracing.stop_chunk(path=tmp_path / "chunk.zip")
    context.tracing.stop()
    context.close()
    for name in ("own.har", "shot.png", "page.pdf", "state.json", "chunk.zip"):
        assert (tmp_path / name).stat().st_size > 0, name
    assert json.loads((tmp_path / "own.har").read_text())["log"]["entries"]

def test_paths_that_are_read(own, tmp_path):
    (tmp_path / "init.js").write_text("window.begun = 1")
    (tmp_path / "later.js").write_text("window.later = 1")
    (tmp_path / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    (tmp_path / "body.html").write_text("<h1>From a file</h1>")
    (tmp_path / "state.json").write_text(
        json.dumps({"cookies": [{"name": "n", "value": "v", "url": SITE}], "origins": []})
    )
    context = own.new_context(storage_state=tmp_path / "state.json")
    context.add_init_script(path=tmp_path / "init.js")
    page = context.new_page()
    page.route("**/from-file", lambda route: route.fulfill(path=tmp_path / "body.html"))
    page.goto(SITE + "/from-file")
    page.add_script_tag(path=tmp_path / "later.js")
    page.add_style_tag(path=tmp_path / "style.css")
    assert page.inner_text("h1") == "From a file"
    assert page.evaluate("[window.begun, window.later, getComputedStyle(document.querySelector('h1')).color]") == [
        1, 1, "rgb(1, 2, 3)"
    ]
    assert context.cookies()[0]["value"] == "v"

def test_archives_that_answer(own, tmp_path):
    recorded = own.new_context()
    recorded.route_from_har(tmp_path / "site.har", url="**/tiny", update=True)
    recorded.new_page().goto(SITE + "/tiny")
    recorded.close()
    context = own.new_context()
    context.route_from_har(tmp_path / "site.har", url="**/tiny")
    page = context.new_page()
    assert page.goto(SITE + "/tiny").text() == "x"

def test_calls_between_page_and_test(own):
    page = own.new_page()
    heard = []
    page.expose_binding("bound", lambda source, value: heard.append(source["page"] is page))
    page.expose_function("add", lambda a, b: a + b)
    page.goto(SITE)
    assert page.evaluate("add(1, 2)") == 3
    page.evaluate("bound(1)")
    assert heard == [True]
    handle = page.evaluate_handle("document.body")
    assert handle.as_element() is not None

def test_the_browser_itself(own, playwright, tmp_path):
    assert own.is_connected() and own.version and own.browser_type.name == "chromium"
    assert Path(own.browser_type.executable_path).is_file()
    assert own.new_browser_cdp_session().send("Browser.getVersion")["product"]
    context = own.new_context()
    page = context.new_page()
    assert context.browser is own and context in own.contexts
    assert context.new_cdp_session(page).send("Runtime.evaluate", {"expression": "1+1"})["result"]["value"] == 2
    own.start_tracing(page=page, path=tmp_path / "trace.json")
    page.goto(SITE)
    assert own.stop_tracing() and (tmp_path / "trace.json").stat().st_size > 0
    assert page.request.get(SITE + "/tiny").text() == "x"

def test_browsers_of_its_own(playwright, browser_type, tmp_path):
    with playwright.chromium.launch(channel="chrome", downloads_path=tmp_path) as launched:
        launched.new_page().goto(SITE)
    context = playwright.chromium.launch_persistent_context(tmp_path / "profile")
    page = context.new_page()
    download = save(page)
    assert download.path().is_file()
    context.close()

async def _async():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch()
        context = await browser.new_context(record_video_dir="videos-async")
        page = await context.new_page()
        await page.goto(SITE)
        await page.set_content(LINK)
        async with page.expect_download() as caught: await page.get_by_text("Save").click()
        assert (await (await caught.value).path()).is_file()
        await context.close()
        assert (await page.video.path()).is_file()

def test_async_api():
    import asyncio
    asyncio.run(_async())
"""


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("outrider.toml", '[journeys]\nstarved_above = 1.0\n[defaults]\nretries = 0\ntimeout = "50s"\n')
    desk.write("journeys/test_members.py", JOURNEYS)
    return desk.run(SITE=site)


def test_every_member_works_over_the_connection(runs: dict[str, Any]) -> None:
    """The same test passes in the shared browser and in one that it launches."""
    assert len(runs) == 20
    assert {name: run["reason"] for name, run in runs.items() if run["outcome"] != "passed"} == {}
