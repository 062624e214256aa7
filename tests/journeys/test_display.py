"""Windows on machines with and without a display."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.journeys.display import require_display
from outrider.journeys.launch_adapter import Surroundings, adapt_launch
from outrider.journeys.system import Finished
from outrider.model import BrowserError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import Machine

    from outrider.journeys.driver import Driver

SHELL, FULL = "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"
NEW = Finished(0, "Chromium 159.0.1.2\n")


@pytest.mark.parametrize(
    ("platform", "environ"),
    [("linux", {"DISPLAY": ":0"}), ("linux", {"WAYLAND_DISPLAY": "wayland-0"}), ("darwin", {}), ("win32", {})],
)
def test_a_machine_with_a_display_may_show_windows(
    machine: type[Machine], platform: str, environ: dict[str, str]
) -> None:
    """X, Wayland, and the systems that always have one."""
    require_display("outrider run --headed", "", system=machine(platform=platform, environ=environ))


@pytest.mark.parametrize(
    ("programs", "is_watched", "fix"),
    [
        ({}, False, "install Xvfb (apt-get install xvfb), and type: xvfb-run -a outrider run; or leave it away"),
        ({"/usr/bin/xvfb-run": NEW}, False, "type: xvfb-run -a outrider run; or leave it away"),
        ({"/usr/bin/xvfb-run": NEW}, True, "leave it away"),
    ],
)
def test_a_machine_without_a_display_is_told_what_to_type(
    machine: type[Machine], programs: dict[str, Finished], is_watched: bool, fix: str
) -> None:
    """Xvfb stands in for a screen that nobody looks at; where somebody must look it is of no use."""
    with pytest.raises(UsageError) as caught:
        require_display("outrider run", "leave it away", is_watched=is_watched, system=machine(programs=programs))

    assert (caught.value.slug, caught.value.fix) == ("no-display", fix)


def test_a_browser_that_can_show_itself_is_chosen(machine: type[Machine], driver: Driver) -> None:
    """Though the headless one, which is cheaper, comes first otherwise."""
    system = machine(programs={SHELL: NEW, FULL: NEW})

    assert find_browser(BrowserSettings(), system=system, driver=driver).executable == SHELL
    assert find_browser(BrowserSettings(with_window=True), system=system, driver=driver).executable == FULL


def test_without_such_a_browser_the_message_says_what_to_install(machine: type[Machine], driver: Driver) -> None:
    """And what is wrong with the one that is there."""
    system = machine(programs={SHELL: NEW, "/usr/bin/apt-get": NEW}, release={"ID": "debian"}, root=True)

    with pytest.raises(BrowserError) as caught:
        find_browser(BrowserSettings(with_window=True), system=system, driver=driver)

    assert "no browser that opens a window was found" in caught.value.what
    assert f"{SHELL}: it cannot open a window" in caught.value.what
    assert "apt-get install chromium ffmpeg" in caught.value.fix
    assert "playwright install chromium" in caught.value.fix


@pytest.mark.parametrize(("asked", "expected"), [({}, False), ({"headless": None}, False), ({"headless": True}, True)])
def test_a_browser_that_a_test_launches_itself_is_seen_too(
    machine: type[Machine], driver: Driver, asked: dict[str, bool | None], expected: bool
) -> None:
    """Unless the test says otherwise."""
    browser = find_browser(BrowserSettings(), system=machine(programs={FULL: NEW}), driver=driver)

    adapted = adapt_launch(asked, browser, Surroundings(has_display=True, is_headed=True))

    assert adapted["headless"] is expected


@pytest.fixture
def long_temporary(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setenv("TMPDIR", "/tmp/" + "long/" * 20)


@pytest.mark.parametrize(("executable", "is_moved"), [(FULL, True), (SHELL, False)])
def test_a_browser_with_windows_gets_a_short_folder_for_its_socket(
    machine: type[Machine],
    driver: Driver,
    long_temporary: Callable[[], None],
    executable: str,
    is_moved: bool,
) -> None:
    """It ends at once where the socket's path is longer than 107 bytes; the headless shell has no such socket."""
    browser = find_browser(BrowserSettings(), system=machine(programs={executable: NEW}), driver=driver)
    long_temporary()

    adapted = adapt_launch({}, browser, Surroundings())

    assert (adapted.get("env", {}).get("TMPDIR") == "/tmp") is is_moved
