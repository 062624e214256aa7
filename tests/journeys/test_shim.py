"""Unchanged tests reach the browser that is there: through a folder, and through adapted launches."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys.browser import Browser, BrowserSettings, find_browser
from outrider.journeys.browser_candidates import BrowserKind, BrowserSource
from outrider.journeys.driver import Driver, installed_driver
from outrider.journeys.launch_adapter import Surroundings, adapt_launch, surroundings
from outrider.journeys.shim import build_shim, environment
from outrider.journeys.system import Host
from outrider.model import BrowserError

if TYPE_CHECKING:
    from collections.abc import Mapping

BRANDED = ["chrome", "chrome-beta", "msedge"]


class Home(Host):
    """This machine with another cache folder."""

    def __init__(self, cache: Path, **environ: str) -> None:
        self._environ = {"XDG_CACHE_HOME": str(cache), **environ}

    @property
    def environ(self) -> Mapping[str, str]:
        return self._environ


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Return a browser that prints its arguments."""
    program = tmp_path / "it's a browser"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    kind, source = BrowserKind.HEADLESS_SHELL, BrowserSource.SYSTEM
    return Browser(str(program), kind, "156.0.0.0", source, "/usr/bin/ffmpeg", str(tmp_path / "registry"))


def test_each_name_that_playwright_may_look_for_leads_to_the_browser(
    tmp_path: Path, browser: Browser, driver: Driver
) -> None:
    """Both programs exist under every layout, and hand their arguments on."""
    build_shim(tmp_path / "shim", browser, driver, "linux")

    paths = [*driver.paths("chromium", "linux"), *driver.paths("chromium-headless-shell", "linux")]
    printed = {subprocess.check_output([tmp_path / "shim" / path, "--a b", "$c"], text=True) for path in paths}
    assert len(paths) == 6
    assert printed == {"--a b $c\n"}


def test_without_ffmpeg_there_is_no_ffmpeg_in_the_folder(tmp_path: Path, browser: Browser, driver: Driver) -> None:
    """Playwright then says itself that video needs one."""
    bare = Browser(browser.executable, browser.kind, browser.version, browser.source, None, browser.registry)

    build_shim(tmp_path / "shim", bare, driver, "linux")

    assert not list((tmp_path / "shim").glob("ffmpeg*"))
    assert list((tmp_path / "shim").glob("chromium*"))


def test_what_playwright_downloaded_itself_is_preferred(tmp_path: Path, browser: Browser, driver: Driver) -> None:
    """A full Chromium among Playwright's downloads serves `channel="chromium"`, and Firefox stays reachable."""
    path = driver.paths("chromium", "linux")[0]
    downloaded = Path(browser.registry) / path
    downloaded.parent.mkdir(parents=True)
    downloaded.write_text("#!/bin/sh\necho downloaded\n")
    downloaded.chmod(0o755)
    (Path(browser.registry) / "firefox-1572").mkdir()

    build_shim(tmp_path / "shim", browser, driver, "linux")

    assert subprocess.check_output([tmp_path / "shim" / path], text=True) == "downloaded\n"
    assert (tmp_path / "shim" / "firefox-1572").is_dir()


@pytest.mark.parametrize("damage", ["gone", "emptied", "not executable", "dangling link"])
def test_a_damaged_folder_is_repaired(tmp_path: Path, browser: Browser, driver: Driver, damage: str) -> None:
    """Whatever happened to the folder, the next use finds it whole, and leaves no half-written file."""
    shim = tmp_path / "shim"
    build_shim(shim, browser, driver, "linux")
    entry = shim / driver.paths("chromium", "linux")[0]
    match damage:
        case "gone":
            shutil.rmtree(entry.parent)
        case "emptied":
            entry.write_text("")
        case "not executable":
            entry.chmod(0o644)
        case _:
            entry.unlink()
            entry.symlink_to(tmp_path / "nowhere")

    build_shim(shim, browser, driver, "linux")

    assert entry.stat().st_mode & stat.S_IXUSR
    assert subprocess.check_output([entry, "hello"], text=True) == "hello\n"
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]


def test_many_may_build_the_folder_at_once(tmp_path: Path, browser: Browser, driver: Driver) -> None:
    """Every builder leaves with a whole folder."""
    shim = tmp_path / "shim"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: build_shim(shim, browser, driver, "linux"), range(32)))

    files = {str(path.relative_to(shim)) for path in shim.rglob("*") if path.is_file()}
    assert files == {path for name in driver.revisions for path in driver.paths(name, "linux")}


def test_each_browser_has_a_folder_of_its_own(tmp_path: Path, browser: Browser, driver: Driver) -> None:
    """Two browsers, or two releases of Playwright, do not overwrite each other's folder."""
    system = Home(tmp_path / "cache")
    other = Browser("/usr/bin/other", browser.kind, browser.version, browser.source, None, browser.registry)
    newer = Driver(driver.node, driver.cli, "9.9", driver.revisions, driver.chromium_major)

    folders = [
        environment(it, system=system, driver=by)["PLAYWRIGHT_BROWSERS_PATH"]
        for it, by in ((browser, driver), (browser, driver), (other, driver), (browser, newer))
    ]

    assert folders[0] == folders[1]
    assert len(set(folders)) == 3
    assert all(folder.startswith(str(tmp_path / "cache" / "outrider")) for folder in folders)


def test_a_cache_that_cannot_be_written_is_explained(tmp_path: Path, browser: Browser, driver: Driver) -> None:
    """The message names the folder and the variable that moves it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(BrowserError, match="set XDG_CACHE_HOME") as error:
        environment(browser, system=Home(tmp_path / "file"), driver=driver)

    assert str(tmp_path / "file") in str(error.value)


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://p"}, None),
        ({"ALL_PROXY": "http://p"}, "127.0.0.1"),
        ({"all_proxy": "http://p", "NO_PROXY": "corp"}, "corp,127.0.0.1"),
    ],
)
def test_a_proxy_for_everything_does_not_hide_the_browser_server(
    tmp_path: Path, browser: Browser, driver: Driver, proxies: dict[str, str], expected: str | None
) -> None:
    """The driver would send even loopback web sockets through ALL_PROXY."""
    variables = environment(browser, system=Home(tmp_path / "cache", **proxies), driver=driver)

    assert variables.get("no_proxy") == expected


@pytest.mark.parametrize(
    ("options", "around", "expected"),
    [
        ({}, Surroundings(), {}),
        ({"channel": "chromium"}, Surroundings(), {"channel": "chromium"}),
        ({"channel": "chromium"}, Surroundings(has_shim=False), {"executable_path": "BROWSER"}),
        ({"channel": "chrome"}, Surroundings(), {"executable_path": "BROWSER"}),
        ({"channel": "msedge", "args": ["--x"]}, Surroundings(), {"executable_path": "BROWSER", "args": ["--x"]}),
        ({"channel": "chrome"}, Surroundings(frozenset({"chrome"})), {"channel": "chrome"}),
        ({"channel": "chromee"}, Surroundings(), {"channel": "chromee"}),
        ({"executable_path": "/mine"}, Surroundings(has_shim=False), {"executable_path": "/mine"}),
        ({"headless": False}, Surroundings(has_display=True), {"headless": False}),
        ({"headless": False}, Surroundings(), {"headless": True}),
    ],
)
def test_a_launch_is_changed_only_as_far_as_it_would_fail(
    browser: Browser, options: dict[str, Any], around: Surroundings, expected: dict[str, Any]
) -> None:
    """What works stays; a channel that is not there is replaced; a typing error stays one."""
    before = dict(options)

    adapted = adapt_launch(options, browser, around)

    assert adapted == {key: browser.executable if value == "BROWSER" else value for key, value in expected.items()}
    assert options == before


@pytest.mark.parametrize(
    ("platform", "environ", "display"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "w"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_display_is_noticed(machine: Any, platform: str, environ: dict[str, str], display: bool) -> None:
    """Only Linux runs without one as a matter of progress."""
    around = surroundings(machine(platform=platform, environ=environ))

    assert around.has_display is display


def run_suite(code: str, folder: Path) -> str:
    """Run unchanged user code in a process prepared as a worker is; return what it prints."""
    installed = find_browser(BrowserSettings())
    prepare = (
        "from outrider.journeys.browser import *; from outrider.journeys.launch_adapter import install_launch_adapter\n"
        "browser = find_browser(BrowserSettings()); install_launch_adapter(browser)\n"
    )
    environ = {**os.environ, **environment(installed, system=Home(folder / "cache")), "TMPDIR": str(folder)}
    return subprocess.check_output([sys.executable, "-c", prepare + code], env=environ, text=True, cwd=folder)


@pytest.mark.browser
def test_the_driver_looks_where_the_folder_leads(tmp_path: Path) -> None:
    """The names that we compute are those of the installed driver."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"

    printed = Path(run_suite(code, tmp_path).strip())

    assert printed.is_file()
    assert str(printed).endswith(installed_driver().paths("chromium", "linux")[0])


@pytest.mark.browser
@pytest.mark.parametrize("style", ["sync", "async"])
def test_every_channel_launches(tmp_path: Path, style: str) -> None:
    """Unchanged launches work with any channel, headed or not, in both of Playwright's interfaces."""
    wanted: list[dict[str, Any]] = [{}, {"headless": False}]
    wanted += [{"channel": name} for name in ["chromium", "chromium-headless-shell", *BRANDED]]
    code = f"""
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    for options in {wanted}:
        browser = p.chromium.launch(**options)
        page = browser.new_page()
        page.set_content("<h1>hello</h1>")
        print(page.inner_text("h1"))
        browser.close()
"""
    if style == "async":
        code = (
            code.replace("sync_", "async_").replace("    ", "  ").replace("\nwith", "\nasync def main():\n async with")
        )
        for call in ("p.chromium.launch", "browser.new_page", "page.set_content", "page.inner_text", "browser.close"):
            code = code.replace(call, f"await {call}")
        code += "\nimport asyncio; asyncio.run(main())"

    printed = run_suite(code, tmp_path).split()

    assert printed == ["hello"] * len(wanted)


@pytest.mark.browser
def test_video_is_recorded(tmp_path: Path) -> None:
    """The system's ffmpeg stands in for Playwright's."""
    code = """
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    browser = p.chromium.launch()
    context = browser.new_context(record_video_dir="video")
    page = context.new_page()
    page.set_content("<h1>hello</h1>")
    page.screenshot()
    context.close()
    print(Path(page.video.path()).read_bytes()[:4].hex())
"""

    printed = run_suite(code, tmp_path).strip()

    assert printed == "1a45dfa3"


@pytest.mark.browser
def test_an_engine_that_is_not_installed_says_what_to_type(tmp_path: Path) -> None:
    """A suite for another engine fails with our message, not with Playwright's box."""
    code = """
from playwright.sync_api import sync_playwright
from outrider.model import BrowserError
with sync_playwright() as p:
    for engine in (p.firefox, p.webkit):
        try:
            engine.launch().close()
        except BrowserError as error:
            print(error.fix)
        else:
            print(f"type: playwright install --with-deps {engine.name}")
"""

    printed = run_suite(code, tmp_path).splitlines()

    assert printed == [f"type: playwright install --with-deps {name}" for name in ("firefox", "webkit")]
