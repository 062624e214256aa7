"""Device, browser and system of a `User-Agent`, and whether it is a robot's; the few families that pages are split by.

Browsers freeze what they say of themselves (https://www.w3.org/TR/ua-client-hints/), so that only family and first
number of the version are read. Chromium's derivatives name Chrome, too, and Chrome names Safari: the order matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

OTHER_FAMILY: Final = "other"
_BROWSERS: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
        ("Opera", r"(?:OPR|OPT)/(\d+)"),
        ("Samsung Internet", r"SamsungBrowser/(\d+)"),
        ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
        ("Chrome", r"(?:Chrome|CriOS|Chromium|HeadlessChrome)/(\d+)"),
        ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/"),
    )
)
_SYSTEMS: Final = (
    ("iOS", ("iPhone", "iPad", "iPod")), ("Android", ("Android",)), ("Windows", ("Windows",)),
    ("ChromeOS", ("CrOS",)), ("macOS", ("Macintosh", "Mac OS X")), ("Linux", ("Linux", "X11")),
)  # fmt: skip
_ROBOT: Final = re.compile(
    r"bot\b|bot[/-]|crawl|spider|slurp|headless|lighthouse|pagespeed|phantomjs|puppeteer|playwright|selenium|preview"
    r"|facebookexternalhit|monitor|pingdom|python-|curl/|wget/|java/|go-http",
    re.IGNORECASE,
)
_MOST_CHARACTERS: Final = 512
_NARROW_PX: Final = 768


@dataclass(frozen=True, slots=True)
class BrowserFamily:
    """What a browser says of itself."""

    browser: str
    system: str
    is_mobile: bool
    is_tablet: bool
    is_robot: bool


@lru_cache(maxsize=5_000)
def browser_family(agent: str) -> BrowserFamily:
    """Return what a `User-Agent` says; a missing one is a robot's."""
    agent = agent[:_MOST_CHARACTERS]
    browser = next(
        (f"{name} {match[1][:4]}" for name, pattern in _BROWSERS if (match := pattern.search(agent))), OTHER_FAMILY
    )
    system = next((name for name, marks in _SYSTEMS if any(mark in agent for mark in marks)), OTHER_FAMILY)
    is_tablet = "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent)
    is_robot = not agent.startswith("Mozilla/") or _ROBOT.search(agent) is not None
    return BrowserFamily(browser, system, not is_tablet and "Mobi" in agent, is_tablet, is_robot)


def device_of(family: BrowserFamily, width: int, *, has_touch: bool) -> str:
    """Return `phone`, `tablet` or `desktop`; a Macintosh that is touched is an iPad.

    Args:
        family: Of the browser.
        width: Of its window, in CSS pixels; 0 if that is not known.
        has_touch: Whether its screen is touched.
    """
    if family.is_mobile:
        return "phone"
    if family.is_tablet or (family.system == "macOS" and has_touch):
        return "tablet"
    return "phone" if has_touch and 0 < width < _NARROW_PX else "desktop"
