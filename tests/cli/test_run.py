"""Every way in which a journey can end, by the real program in a real browser."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

CONFTEST = """
import pytest, os
from playwright.sync_api import sync_playwright

@pytest.fixture
def raises_before():
    raise RuntimeError("no set-up today")

@pytest.fixture
def raises_after(page):
    yield page
    raise RuntimeError("no tear-down today")

@pytest.fixture
def signed_in(page):
    page.goto(os.environ["SITE"])
    return page

@pytest.fixture
def own_page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch()
        yield browser.new_context().new_page()
        browser.close()
"""

JOURNEYS = """
import asyncio, os, pytest
from pathlib import Path
from playwright.async_api import async_playwright
from playwright.sync_api import Page, expect

SITE = os.environ["SITE"]

def test_passes(page): page.goto(SITE); expect(page.get_by_role("heading")).to_have_text("Hello")

def test_fails(page):
    page.goto(SITE)
    page.set_default_timeout(500)
    page.get_by_text("No such thing").click()

def test_fails_once(page):
    page.goto(SITE)
    mark = Path(os.environ["MARK"])
    first = not mark.exists()
    mark.touch()
    assert not first, "only the first time"

def test_empty(page): pass
def test_name_error(page): page.goto(SITE); no_such_name
def test_set_up(raises_before, page): page.goto(SITE)
def test_tear_down(raises_after): raises_after.goto(SITE)
@pytest.mark.skip(reason="not today")
def test_skipped(page): page.goto(SITE)
@pytest.mark.xfail(reason="known")
def test_expected_failure(page): page.goto(SITE); assert False
def test_conftest_fixture(signed_in): expect(signed_in.get_by_role("heading")).to_have_text("Hello")
def test_own_page(own_page): own_page.goto(SITE)

def test_async_api():
    async def walk():
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch()
            page = await browser.new_page()
            await page.goto(SITE)
            await browser.close()
    asyncio.run(walk())

@pytest.mark.parametrize("word", ["Hello"])
def test_word(page, word): page.goto(SITE); expect(page.get_by_role("heading")).to_have_text(word)

class TestClass:
    def test_method(self, page): page.goto(SITE)

def test_set_content(page): page.set_content("<h1>Mine</h1>")

def test_steps(page, step):
    with step("open"): page.goto(SITE)
    with step("type"): page.get_by_label("Password").fill("hunter2-typed")

def test_download_and_pop_up(page):
    page.goto(SITE + "/popup")
    with page.expect_popup(): page.get_by_text("Open").click()
    with page.expect_download(): page.get_by_text("Save").click()

def test_console(page): page.goto(SITE + "/console")
def test_many(page): page.goto(SITE + "/many"); expect(page.get_by_role("heading")).to_have_text("All", timeout=25_000)
def test_latin(page): page.goto(SITE + "/latin"); print("\\udcff caf\\xe9")
"""

OUTCOMES = {
    "test_passes[chromium]": "passed",
    "test_fails[chromium]": "failed",
    "test_fails_once[chromium]": "passed on retry",
    "test_empty[chromium]": "setup error",
    "test_name_error[chromium]": "setup error",
    "test_set_up[chromium]": "setup error",
    "test_tear_down[chromium]": "setup error",
    "test_skipped[chromium]": "skipped",
    "test_expected_failure[chromium]": "passed",
    "test_conftest_fixture[chromium]": "passed",
    "test_own_page": "passed",
    "test_async_api": "passed",
    "test_word[chromium-Hello]": "passed",
    "TestClass::test_method[chromium]": "passed",
    "test_method[chromium]": "passed",
    "test_set_content[chromium]": "passed",
    "test_steps[chromium]": "passed",
    "test_download_and_pop_up[chromium]": "passed",
    "test_console[chromium]": "passed",
    "test_many[chromium]": "passed",
    "test_latin[chromium]": "passed",
    "journeys/test_syntax.py": "setup error",
    "journeys/test_import.py": "setup error",
}


@pytest.fixture(scope="module")
def runs(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("journeys/conftest.py", CONFTEST)
    desk.write("journeys/test_all.py", JOURNEYS)
    desk.write("journeys/test_syntax.py", "def test_broken(:\n")
    desk.write("journeys/test_import.py", "import no_such_module\n")
    return desk.run(SITE=site, MARK=str(desk.temporary / "mark"))


def test_every_outcome_is_told(runs: dict[str, Any]) -> None:
    """Each journey of the table ends as the table says, bare names standing for the plugin's parametrised ones."""
    seen = {name.replace("[chromium]", "").replace("chromium-", ""): run_row for name, run_row in runs.items()}
    wanted = {name.replace("[chromium]", "").replace("chromium-", ""): outcome for name, outcome in OUTCOMES.items()}

    reported = {name: (run_row["outcome"], run_row["reason"]) for name, run_row in seen.items()}

    assert {name: (outcome, reported[name][1]) for name, outcome in wanted.items() if name in reported} == reported


def test_a_session_that_the_page_names_on_its_console_is_kept_with_the_run(runs: dict[str, Any]) -> None:
    """Also in a plain line, which is no error."""
    named = {
        name.partition("[")[0]: own["attempts"][0]["attributes"].get("sessions_elsewhere", "")
        for name, own in runs.items()
    }

    assert {name: text for name, text in named.items() if text} == {
        "test_console": "https://app.logrocket.com/ab/shop/s/5/0"
    }


def test_a_failure_gets_a_retry_and_an_evidence_attempt(runs: dict[str, Any]) -> None:
    """The last attempt records everything and is no measurement."""
    attempts = next(run_row for name, run_row in runs.items() if name.startswith("test_fails") and "once" not in name)[
        "attempts"
    ]

    assert [(attempt["evidence"], attempt["measured"]) for attempt in attempts] == [
        (False, False),
        (False, False),
        (True, False),
    ]
    assert {attempt["outcome"] for attempt in attempts} == {"failed"}


def test_named_steps_have_automatic_ones_below(runs: dict[str, Any]) -> None:
    """What the test named comes first, and what Playwright told hangs below it."""
    steps = next(run_row for name, run_row in runs.items() if name.startswith("test_steps"))["attempts"][0]["steps"]

    assert [step["title"] for step in steps if step["kind"] == "named"] == ["open", "type"]
    assert {step["parent"] for step in steps if step["kind"] == "automatic"} == {"open", "type"}


def test_a_typed_password_is_kept_nowhere(runs: dict[str, Any], desk: Desk) -> None:
    """Neither the database nor an artifact holds what was typed into a password field; the test's own source may."""
    state = desk.root / ".outrider"
    archives = [path for path in (state / "artifacts").rglob("*") if zipfile.is_zipfile(path)]
    inside = [member for path in archives for member in _members(path)]

    leaks = [data for data in inside if b"hunter2-typed" in data and b"def test_steps" not in data]

    assert runs
    assert len(inside) > len(archives)
    assert not leaks
    assert b"hunter2-typed" not in b"".join(path.read_bytes() for path in state.glob("outrider.db*"))


def _members(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_an_evidence_attempt_leaves_a_video(desk: Desk, runs: dict[str, Any]) -> None:
    """Trace, screenshot and video of a failure can be found again by the run."""
    failed = next(
        run_row["id"] for name, run_row in runs.items() if name.startswith("test_fails") and "once" not in name
    )

    stored = json.loads(desk.outrider("show", failed, "--json").stdout)

    evidence = {run_row["kind"] for run_row in stored["artifacts"] if run_row["attempt"] == 3}
    assert {"trace", "screenshot", "video", "har"} <= evidence


def test_a_stored_run_is_told_to_people(desk: Desk, runs: dict[str, Any]) -> None:
    """`runs` finds it; `show` tells outcome, reason, steps, errors, and files that are really there."""
    failed = next(run_row for name, run_row in runs.items() if name.startswith("test_name_error"))

    listed = desk.outrider("runs", "*test_name_error*", "--outcome", "setup error").stdout
    shown = desk.outrider("show", failed["id"][-8:]).stdout

    assert failed["id"][-8:] in listed
    for words in ("setup error", "no_such_name", "goto /", "attempt 1"):
        assert words in shown
    files = [line.split()[1] for line in shown.splitlines() if line.strip().startswith(("trace", "har", "screenshot"))]
    assert files
    assert all(Path(file).is_file() for file in files)


def test_nothing_is_left_behind(desk: Desk, runs: dict[str, Any]) -> None:
    """When the program has ended, so has everything that it started."""
    assert runs
    assert desk.leftovers() == []
