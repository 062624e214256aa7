"""Make `launch()` of an unchanged test reach the browser that is there, where the shim folder alone cannot.

A branded `channel=` ("chrome", "msedge", …) is looked for in fixed places of the system, never among Playwright's
downloads; and a test that opens a window needs a display that a server does not have.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright import async_api, sync_api

from outrider.journeys.browser import missing_engine
from outrider.journeys.browser_candidates import CHANNELS, PLAYWRIGHT_CHANNELS, BrowserKind, installed_channels
from outrider.journeys.display import HEADED_VARIABLE, has_display
from outrider.journeys.socket_path import SHORT_FOLDER, fits_socket
from outrider.journeys.system import Host, System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.journeys.browser import Browser

_BROWSER_TYPES: tuple[type, ...] = (async_api.BrowserType, sync_api.BrowserType)
_LAUNCHES = ("launch", "launch_persistent_context")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a launch depends on besides its arguments.

    Attributes:
        channels: Branded channels that Playwright finds by itself.
        has_display: Whether a window can be opened.
        has_shim: Whether PLAYWRIGHT_BROWSERS_PATH leads to the browser.
        is_headed: Whether somebody wants to see the browser.
    """

    channels: frozenset[str] = frozenset()
    has_display: bool = False
    has_shim: bool = True
    is_headed: bool = False


def adapt_launch(options: Mapping[str, Any], browser: Browser, around: Surroundings) -> dict[str, Any]:
    """Return the options of a Chromium launch, changed only as far as they would fail on this machine."""
    adapted = dict(options)
    if around.is_headed and adapted.get("headless") is None:
        adapted["headless"] = False
    if not around.has_display and adapted.get("headless") is False:
        adapted["headless"] = True
    if (
        browser.kind is not BrowserKind.HEADLESS_SHELL
        and "env" not in adapted
        and not fits_socket(os.environ.get("TMPDIR", ""))
    ):
        adapted["env"] = {**os.environ, "TMPDIR": SHORT_FOLDER}
    if adapted.get("executable_path"):
        return adapted
    channel = adapted.get("channel")
    by_playwright = channel is None or channel in PLAYWRIGHT_CHANNELS
    if channel in around.channels or (by_playwright and around.has_shim):
        return adapted
    if by_playwright or channel in CHANNELS:
        adapted.pop("channel", None)
        adapted["executable_path"] = browser.executable
    return adapted


def surroundings(system: System | None = None) -> Surroundings:
    """Look at the machine."""
    system = system or Host()
    return Surroundings(
        installed_channels(system),
        has_display=has_display(system.platform, system.environ),
        has_shim=system.platform != "win32",
        is_headed=bool(system.environ.get(HEADED_VARIABLE)),
    )


def install_launch_adapter(browser: Browser, around: Surroundings | None = None) -> Callable[[], None]:
    """Wrap Playwright's public launches, synchronous and asynchronous, in this process; return what undoes it.

    A launch of Firefox or WebKit that is not installed raises a `BrowserError` that says what to type.
    """
    around = around or surroundings()
    originals = [(kind, name, getattr(kind, name)) for kind in _BROWSER_TYPES for name in _LAUNCHES]
    for kind, name, launch in originals:
        setattr(kind, name, _wrap(launch, browser, around))

    def undo() -> None:
        for kind, name, launch in originals:
            setattr(kind, name, launch)

    return undo


def _wrap(launch: Callable[..., Any], browser: Browser, around: Surroundings) -> Callable[..., Any]:
    @functools.wraps(launch)
    def adapted(self: Any, *arguments: Any, **options: Any) -> Any:
        if self.name == "chromium":
            return launch(self, *arguments, **adapt_launch(options, browser, around))
        if not (options.get("executable_path") or options.get("channel") or Path(self.executable_path).is_file()):
            raise missing_engine(self.name, browser)
        return launch(self, *arguments, **options)

    return adapted
