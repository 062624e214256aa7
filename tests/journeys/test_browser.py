"""The search for a browser, on machines made of tables; one test looks at this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from outrider.journeys.browser import BrowserSettings, find_browser, missing_engine, provide_browser
from outrider.journeys.browser_candidates import BrowserKind, BrowserSource, judge, read_version, registry_folder
from outrider.journeys.browser_install import advice, choose_package, last_words
from outrider.journeys.driver import Driver, installed_driver, parse_browsers
from outrider.journeys.system import Finished, Host
from outrider.model import BrowserError

if TYPE_CHECKING:
    from pathlib import Path

NEW = Finished(0, "Chromium 156.0.8078.79 built on Debian\n")
OLD = Finished(0, "Chromium 120.0.1.1\n")
SHELL = "/usr/bin/chromium-headless-shell"
CACHE = "/home/ann/.cache/ms-playwright"
DOWNLOADED = f"{CACHE}/chromium_headless_shell-1255/chrome-headless-shell-linux64/chrome-headless-shell"
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
WIN_EDGE = r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe"
WIN_SHELL = (
    r"C:\Users\ann\AppData\Local\ms-playwright\chromium_headless_shell-1255"
    r"\chrome-headless-shell-win64\chrome-headless-shell.exe"
)
DEBIAN = {"ID": "debian"}
UBUNTU = {"ID": "ubuntu", "ID_LIKE": "debian"}


def policy(**versions: str) -> str:
    return "".join(
        f"{name.replace('_', '-')}:\n  Installed: (none)\n  Candidate: {version}\n  Version table:\n"
        for name, version in versions.items()
    )


@pytest.mark.parametrize(
    ("platform", "present", "wanted", "expected", "kind", "source"),
    [
        ("linux", [SHELL], "", SHELL, BrowserKind.HEADLESS_SHELL, BrowserSource.SYSTEM),
        ("linux", [SHELL, DOWNLOADED], "", DOWNLOADED, BrowserKind.HEADLESS_SHELL, BrowserSource.PLAYWRIGHT),
        (
            "linux",
            [SHELL, DOWNLOADED, "/x/chrome"],
            "/x/chrome",
            "/x/chrome",
            BrowserKind.CHROME,
            BrowserSource.SETTING,
        ),
        ("linux", [SHELL, "/usr/bin/mine"], "mine", "/usr/bin/mine", BrowserKind.CHROMIUM, BrowserSource.SETTING),
        (
            "linux",
            [SHELL, "/opt/google/chrome/chrome"],
            "chrome",
            "/opt/google/chrome/chrome",
            BrowserKind.CHROME,
            BrowserSource.SETTING,
        ),
        (
            "linux",
            [SHELL, "/usr/bin/chromium"],
            "chromium",
            "/usr/bin/chromium",
            BrowserKind.CHROMIUM,
            BrowserSource.SYSTEM,
        ),
        (
            "linux",
            ["/usr/bin/google-chrome", "/usr/bin/chromium"],
            "",
            "/usr/bin/chromium",
            BrowserKind.CHROMIUM,
            BrowserSource.SYSTEM,
        ),
        (
            "linux",
            ["/opt/microsoft/msedge/msedge"],
            "",
            "/opt/microsoft/msedge/msedge",
            BrowserKind.EDGE,
            BrowserSource.SYSTEM,
        ),
        ("darwin", [MAC_CHROME], "", MAC_CHROME, BrowserKind.CHROME, BrowserSource.SYSTEM),
        ("win32", [WIN_EDGE], "", WIN_EDGE, BrowserKind.EDGE, BrowserSource.SYSTEM),
        ("win32", [WIN_EDGE, WIN_SHELL], "", WIN_SHELL, BrowserKind.HEADLESS_SHELL, BrowserSource.PLAYWRIGHT),
    ],
)
def test_the_preferred_browser_is_found(
    machine: Any,
    driver: Driver,
    *,
    platform: str,
    present: list[str],
    wanted: str,
    expected: str,
    kind: BrowserKind,
    source: BrowserSource,
) -> None:
    """The setting comes first, then Playwright's own download, then the system's, the cheapest kind first."""
    system = machine(platform=platform, programs=dict.fromkeys(present, NEW))

    browser = find_browser(BrowserSettings(wanted), system=system, driver=driver)

    assert (browser.executable, browser.kind, browser.source) == (expected, kind, source)


@pytest.mark.parametrize(
    ("finished", "reason"),
    [
        (OLD, "120.0.1.1 is too old: the installed Playwright needs 139 or newer"),
        (Finished(0, "Chromium 138.9.9.9"), "too old"),
        (Finished(None, ""), "does not answer --version within its time limit"),
        (Finished(0, ""), "prints no version: nothing"),
        (Finished(0, "hello"), "prints no version: hello"),
        (Finished(10, "requires the chromium snap to be installed"), "exits with 10: requires the chromium snap"),
        (Finished(127, "x: error while loading shared libraries: libnss3.so"), "libnss3.so"),
        (Finished(1, ""), "exits with 1: it prints nothing"),
    ],
)
def test_an_unusable_browser_is_passed_over_with_its_reason(
    machine: Any, driver: Driver, finished: Finished, reason: str
) -> None:
    """A browser that is too old or broken is rejected, the search goes on, and the error lists it."""
    broken = {SHELL: finished}

    browser = find_browser(
        BrowserSettings(), system=machine(programs={**broken, "/usr/bin/chromium": NEW}), driver=driver
    )
    with pytest.raises(BrowserError) as error:
        find_browser(BrowserSettings(), system=machine(programs=broken), driver=driver)

    assert browser.executable == "/usr/bin/chromium"
    assert f"{SHELL}: " in str(error.value)
    assert reason in str(error.value)
    assert judge(finished, needed_major=159)[0] is None


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("Chromium 156.0.8078.79 built on Debian GNU/Linux 12", "156.0.8078.79"),
        ("Google Chrome 155.0.1.2 beta", "155.0.1.2"),
        ("Google Chrome for Testing 159.0.8154.6", "159.0.8154.6"),
        ("Microsoft Edge 155.0.3.4", "155.0.3.4"),
        ("HeadlessChrome/159.0.8154.6", "159.0.8154.6"),
        ("[1:2:ERROR] dbus\nChromium 156.0.1.1 snap\n", "156.0.1.1"),
        ("156.0.8078.79\n", "156.0.8078.79"),
        ("bash: no such thing", None),
    ],
)
def test_a_version_is_read_from_what_a_browser_prints(printed: str, version: str | None) -> None:
    """Every brand prints its version in its own words."""
    read = read_version(printed)

    assert read == version


def test_a_setting_that_cannot_be_used_is_not_replaced_by_another_browser(machine: Any, driver: Driver) -> None:
    """Whoever names a browser gets that one or an error, even where others are installed."""
    system = machine(programs={SHELL: NEW})

    with pytest.raises(BrowserError, match="'/nowhere/chrome', cannot be used") as error:
        provide_browser(BrowserSettings("/nowhere/chrome"), install=True, system=system, driver=driver)

    assert "/nowhere/chrome: no such executable file" in str(error.value)
    assert system.ran == []


@pytest.mark.parametrize(
    ("printed", "works"),
    [("ffmpeg version 5 --enable-libvpx", True), ("ffmpeg version 5 --disable-everything", False)],
)
def test_video_needs_an_ffmpeg_that_encodes_vp8(machine: Any, driver: Driver, printed: str, works: bool) -> None:
    """Without a suitable ffmpeg a browser is still found, and says that video does not work."""
    system = machine(programs={SHELL: NEW, "/usr/bin/ffmpeg": Finished(0, printed)})

    browser = find_browser(BrowserSettings(), system=system, driver=driver)

    assert (browser.ffmpeg is not None) is works
    assert ("no video" in str(browser)) is not works


@pytest.mark.parametrize(
    ("defined", "present", "expected"),
    [
        ("", "", CACHE),
        ("/mine", "/mine/chromium-1255/chrome-linux64/chrome", "/mine"),
        ("/mine", "/mine/chromium-1100/chrome-linux64/chrome", CACHE),
        ("0", "/pw/package/.local-browsers/chromium-1255/chrome-linux64/chrome", "/pw/package/.local-browsers"),
        (
            "/home/ann/.cache/outrider/browsers/key",
            "/home/ann/.cache/outrider/browsers/key/chromium-1255/chrome-linux64/chrome",
            CACHE,
        ),
    ],
)
def test_the_users_folder_of_browsers_counts_if_it_works(
    machine: Any, driver: Driver, defined: str, present: str, expected: str
) -> None:
    """PLAYWRIGHT_BROWSERS_PATH is respected if it holds the right revision and is not a shim of ours."""
    system = machine(environ={"PLAYWRIGHT_BROWSERS_PATH": defined}, programs={present: NEW})

    folder = registry_folder(system, driver)

    assert folder == expected


def test_nothing_is_installed_unless_allowed(machine: Any, driver: Driver) -> None:
    """Without leave to install, no installer runs and the error says what to type."""
    system = machine(release=DEBIAN, root=True, programs={"/usr/bin/apt-get": Finished(0, "")})

    with pytest.raises(BrowserError, match="apt-get install chromium-headless-shell ffmpeg"):
        provide_browser(BrowserSettings(), install=False, system=system, driver=driver)

    assert not any("install" in line for line in system.ran)


def test_a_download_is_tried_first_and_used(machine: Any, driver: Driver) -> None:
    """Playwright's own download is preferred to the system's packages."""
    system = machine(release=DEBIAN, root=True, programs={"/usr/bin/apt-get": Finished(0, "")})
    system.answers["/pw/node"] = lambda: (system.programs.update({DOWNLOADED: NEW}), Finished(0, ""))[1]

    browser = provide_browser(BrowserSettings(), install=True, system=system, driver=driver)

    assert (browser.executable, browser.source) == (DOWNLOADED, BrowserSource.PLAYWRIGHT)
    assert not any(line.startswith("apt-get") for line in system.ran)


@pytest.mark.parametrize("lists", ["present", "absent", "stale"])
def test_root_on_debian_gets_packages_when_the_download_fails(machine: Any, driver: Driver, lists: str) -> None:
    """Package lists that are absent or stale are renewed before apt is given up."""
    system = machine(release=DEBIAN, root=True, programs={"/usr/bin/apt-get": Finished(0, "")})
    updated: list[bool] = []

    def ask() -> Finished:
        return Finished(0, "" if lists == "absent" and not updated else policy(chromium_headless_shell="156-1"))

    def update() -> Finished:
        updated.append(True)
        return Finished(0, "")

    def install() -> Finished:
        if lists == "stale" and not updated:
            return Finished(100, "E: 404 Not CollectedTest")
        system.programs[SHELL] = NEW
        return Finished(0, "")

    system.answers = {
        "/pw/node": lambda: Finished(1, "Error: getaddrinfo ENOTFOUND cdn"),
        "apt-cache": ask,
        "apt-get update": update,
        "apt-get install": install,
    }

    browser = provide_browser(BrowserSettings(), install=True, system=system, driver=driver)

    assert (browser.executable, browser.source) == (SHELL, BrowserSource.APT)
    assert bool(updated) is (lists != "present")


@pytest.mark.parametrize(
    ("root", "code", "reason"),
    [(False, 1, "ENOTFOUND"), (False, None, "stopped after 300 s"), (True, 1, "E: Unable to locate package")],
)
def test_every_failed_way_to_install_is_named(
    machine: Any, driver: Driver, root: bool, code: int | None, reason: str
) -> None:
    """The error lists each installer that was tried, and why it failed."""
    system = machine(release=DEBIAN, root=root, programs={"/usr/bin/apt-get": Finished(0, "")})
    system.answers = {
        "/pw/node": lambda: Finished(code, "Error: getaddrinfo ENOTFOUND cdn\nError: Download failure, code=1"),
        "apt-cache": lambda: Finished(0, policy(chromium_headless_shell="156-1")),
        "apt-get install": lambda: Finished(100, "Reading\nE: Unable to locate package chromium-headless-shell"),
    }

    with pytest.raises(BrowserError) as error:
        provide_browser(BrowserSettings(), install=True, system=system, driver=driver)

    assert reason in str(error.value)
    assert any(line.startswith("apt-get install") for line in system.ran) is root


def test_a_download_that_lacks_libraries_gets_them(machine: Any, driver: Driver) -> None:
    """On Ubuntu as root a downloaded browser that cannot load its libraries is completed."""
    system = machine(release=UBUNTU, root=True, programs={"/usr/bin/apt-get": Finished(0, "")})
    lacking = Finished(127, "error while loading shared libraries: libnss3.so")
    system.answers = {
        "/pw/node /pw/package/cli.js install-deps": lambda: (
            system.programs.update({DOWNLOADED: NEW}),
            Finished(0, ""),
        )[1],
        "/pw/node": lambda: (system.programs.update({DOWNLOADED: lacking}), Finished(0, ""))[1],
        "apt-cache": lambda: Finished(0, policy(chromium_browser="2:1snap1-0ubuntu2")),
    }

    browser = provide_browser(BrowserSettings(), install=True, system=system, driver=driver)

    assert (browser.executable, browser.source) == (DOWNLOADED, BrowserSource.PLAYWRIGHT)


@pytest.mark.parametrize(
    ("printed", "package"),
    [
        (policy(chromium_headless_shell="156.0-1", chromium="156.0-1"), "chromium-headless-shell"),
        (policy(chromium_headless_shell="(none)", chromium="156.0-1~mint"), "chromium"),
        (policy(chromium="2:1snap1-0ubuntu2"), None),
        ("", None),
    ],
)
def test_apt_is_asked_for_a_browser_that_is_no_snap(printed: str, package: str | None) -> None:
    """Ubuntu's package of Chromium holds no browser, and its version says so."""
    chosen = choose_package(printed)

    assert chosen == package


@pytest.mark.parametrize(
    ("platform", "release", "root", "machine_name", "typed"),
    [
        ("linux", DEBIAN, True, "x86_64", "or: apt-get install chromium-headless-shell ffmpeg"),
        ("linux", DEBIAN, False, "x86_64", "or: sudo apt-get install chromium-headless-shell ffmpeg"),
        ("linux", UBUNTU, False, "x86_64", "or: sudo playwright install chrome"),
        ("linux", UBUNTU, True, "aarch64", "type: playwright install --with-deps --only-shell chromium"),
        ("linux", {"ID": "fedora"}, False, "x86_64", "type: playwright install --only-shell chromium"),
        ("darwin", {}, False, "arm64", "or: brew install --cask google-chrome"),
        ("win32", {}, False, "AMD64", "or: winget install Google.Chrome"),
    ],
)
def test_advice_fits_the_machine(
    machine: Any, *, platform: str, release: dict[str, str], root: bool, machine_name: str, typed: str
) -> None:
    """What to type differs by platform, distribution and rights."""
    apt = {"/usr/bin/apt-get": NEW} if release.get("ID") in ("debian", "ubuntu") else {}
    system = machine(platform=platform, release=release, root=root, programs=apt)

    text = advice(system, machine_name)

    assert typed in text


def test_the_cause_of_a_failed_download_is_preferred_to_its_consequence() -> None:
    """Of what an installer prints, the network's error tells most."""
    text = last_words("Downloading\nError: getaddrinfo ENOTFOUND cdn\nFailed\nError: Download failure, code=1\n at x\n")

    assert text == "Error: getaddrinfo ENOTFOUND cdn"


def test_a_missing_engine_says_what_to_type(machine: Any, driver: Driver) -> None:
    """A suite that asks for Firefox learns that it is not installed."""
    browser = find_browser(BrowserSettings(), system=machine(programs={SHELL: NEW}), driver=driver)

    error = missing_engine("firefox", browser)

    assert "asks for firefox" in str(error)
    assert "type: playwright install --with-deps firefox" in str(error)


def test_the_installed_playwright_is_understood() -> None:
    """The driver's own file gives the revisions of all that we stand in for."""
    driver = installed_driver()

    assert {"chromium", "chromium-headless-shell", "ffmpeg"} <= driver.revisions.keys()
    assert driver.paths("chromium", "linux")[0].startswith(f"chromium-{driver.revisions['chromium']}/")


def test_browsers_json_is_parsed() -> None:
    """Revisions are text, and the major version is that of Chromium."""
    text = '{"browsers": [{"name": "chromium", "revision": "9", "browserVersion": "159.0.1.2"}]}'

    parsed = parse_browsers(text)

    assert parsed == ({"chromium": "9"}, 159)


@pytest.mark.parametrize(
    ("script", "code", "output"),
    [
        ("echo Chromium 1.2.3.4", 0, "Chromium 1.2.3.4\n"),
        ("echo broken >&2; exit 3", 3, "broken\n"),
        ("printf '\\033[2mfaint\\033[0m'", 0, "faint"),
        ("trap '' TERM; while :; do :; done", None, ""),
    ],
)
def test_a_program_is_run_within_its_limit(tmp_path: Path, script: str, code: int | None, output: str) -> None:
    """A program that hangs, even one that ignores the request to end, is stopped."""
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    limit_s = 0.2 if code is None else 20

    finished = Host().run([str(program)], timeout_s=limit_s)

    assert finished == Finished(code, output)


def test_a_program_that_is_not_there_is_a_value() -> None:
    """A program that cannot be started is told apart by its code, without an exception."""
    finished = Host().run(["/nowhere/at/all"], timeout_s=1)

    assert finished.code == 127


@pytest.mark.browser
def test_a_browser_is_found_on_this_machine() -> None:
    """The real search ends with a real browser."""
    browser = find_browser(BrowserSettings())

    assert int(browser.version.partition(".")[0]) > 100
    assert str(browser.kind) in str(browser)
