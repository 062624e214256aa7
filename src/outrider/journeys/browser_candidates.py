"""Where a browser may stand, on every platform, in the order in which we prefer them; and what is worth using.

Nothing here touches the machine but through the `System` that it is given.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.journeys.driver import CHROMIUM, FFMPEG, HEADLESS_SHELL, Driver
from outrider.model import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.journeys.system import Finished, System

# Chromium is released every few weeks and its debugging protocol keeps old callers working, not new ones:
# further behind than this, calls of the installed Playwright start to be unknown to the browser.
OLDEST_MAJORS_BEHIND = 20
_MOST_CHARACTERS = 200


class BrowserKind(StrEnum):
    """Which browser it is."""

    HEADLESS_SHELL = "headless shell"
    CHROMIUM = "chromium"
    CHROME = "chrome"
    EDGE = "edge"


class BrowserSource(StrEnum):
    """Where it comes from."""

    SETTING = "the setting"
    PLAYWRIGHT = "Playwright's download"
    SYSTEM = "system"
    APT = "apt"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path at which a browser may stand."""

    executable: str
    kind: BrowserKind
    source: BrowserSource


@dataclass(frozen=True, slots=True)
class Rejected:
    """A browser that was found and cannot be used, and why."""

    executable: str
    reason: str

    def __str__(self) -> str:
        return f"{self.executable}: {self.reason}"


# The fixed places in which Playwright looks for `channel=` (`registry/index.ts`, _createChromiumChannel).
_CHANNELS: Mapping[str, Mapping[str, str]] = {
    "chrome": {
        "linux": "/opt/google/chrome/chrome",
        "darwin": "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "win32": r"Google\Chrome\Application\chrome.exe",
    },
    "chrome-beta": {
        "linux": "/opt/google/chrome-beta/chrome",
        "darwin": "/Applications/Google Chrome Beta.app/Contents/MacOS/Google Chrome Beta",
        "win32": r"Google\Chrome Beta\Application\chrome.exe",
    },
    "chrome-dev": {
        "linux": "/opt/google/chrome-unstable/chrome",
        "darwin": "/Applications/Google Chrome Dev.app/Contents/MacOS/Google Chrome Dev",
        "win32": r"Google\Chrome Dev\Application\chrome.exe",
    },
    "chrome-canary": {
        "linux": "/opt/google/chrome-canary/chrome",
        "darwin": "/Applications/Google Chrome Canary.app/Contents/MacOS/Google Chrome Canary",
        "win32": r"Google\Chrome SxS\Application\chrome.exe",
    },
    "msedge": {
        "linux": "/opt/microsoft/msedge/msedge",
        "darwin": "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "win32": r"Microsoft\Edge\Application\msedge.exe",
    },
    "msedge-beta": {
        "linux": "/opt/microsoft/msedge-beta/msedge",
        "darwin": "/Applications/Microsoft Edge Beta.app/Contents/MacOS/Microsoft Edge Beta",
        "win32": r"Microsoft\Edge Beta\Application\msedge.exe",
    },
    "msedge-dev": {
        "linux": "/opt/microsoft/msedge-dev/msedge",
        "darwin": "/Applications/Microsoft Edge Dev.app/Contents/MacOS/Microsoft Edge Dev",
        "win32": r"Microsoft\Edge Dev\Application\msedge.exe",
    },
    "msedge-canary": {
        "darwin": "/Applications/Microsoft Edge Canary.app/Contents/MacOS/Microsoft Edge Canary",
        "win32": r"Microsoft\Edge SxS\Application\msedge.exe",
    },
}
CHANNELS = frozenset(_CHANNELS)
PLAYWRIGHT_CHANNELS = frozenset({"chromium", "chromium-headless-shell", "chrome-for-testing"})

# On the search path, cheapest first: a headless shell costs half of a full browser.
_COMMANDS = (
    ("chromium-headless-shell", BrowserKind.HEADLESS_SHELL),
    ("chrome-headless-shell", BrowserKind.HEADLESS_SHELL),
    ("headless_shell", BrowserKind.HEADLESS_SHELL),
    ("chromium", BrowserKind.CHROMIUM),
    ("chromium-browser", BrowserKind.CHROMIUM),
    ("google-chrome-stable", BrowserKind.CHROME),
    ("google-chrome", BrowserKind.CHROME),
    ("chrome", BrowserKind.CHROME),
    ("microsoft-edge-stable", BrowserKind.EDGE),
    ("microsoft-edge", BrowserKind.EDGE),
    ("msedge", BrowserKind.EDGE),
)
_PLACES: Mapping[str, tuple[tuple[str, BrowserKind], ...]] = {
    "linux": (
        ("/usr/bin/chromium-headless-shell", BrowserKind.HEADLESS_SHELL),
        ("/usr/lib/chromium/chromium-headless-shell", BrowserKind.HEADLESS_SHELL),
        ("/usr/bin/chromium", BrowserKind.CHROMIUM),
        ("/usr/lib/chromium/chromium", BrowserKind.CHROMIUM),
        ("/usr/lib64/chromium-browser/chromium-browser", BrowserKind.CHROMIUM),
        ("/snap/bin/chromium", BrowserKind.CHROMIUM),
    ),
    "darwin": (
        ("/Applications/Chromium.app/Contents/MacOS/Chromium", BrowserKind.CHROMIUM),
        ("/opt/homebrew/bin/chromium", BrowserKind.CHROMIUM),
    ),
    "win32": ((r"Chromium\Application\chrome.exe", BrowserKind.CHROMIUM),),
}
_VERSION = re.compile(r"(?:HeadlessChrome|Chrom(?:e|ium)|Edge|Shell)\D*?(\d+(?:\.\d+){1,3})", re.IGNORECASE)
_BARE_VERSION = re.compile(r"^\s*(\d+(?:\.\d+){3})\s*$", re.MULTILINE)


def channel_path(system: System, channel: str) -> str | None:
    """Return where the browser of a branded `channel` stands, or None if it is not installed."""
    tail = _CHANNELS.get(channel, {}).get(system.platform)
    paths = _windows_paths(system, tail) if tail and system.platform == "win32" else (tail,)
    return next((path for path in paths if path and system.exists(path)), None)


def installed_channels(system: System) -> frozenset[str]:
    """Return the branded channels that Playwright itself will find."""
    return frozenset(channel for channel in CHANNELS if channel_path(system, channel))


def registry_folder(system: System, driver: Driver) -> str:
    """Return the folder in which Playwright keeps its downloads.

    That is the one the user names in PLAYWRIGHT_BROWSERS_PATH if it holds what this Playwright needs ("0" means beside
    the package), else the default one. A value inherited from ourselves, which names a shim, is none of the user's.
    """
    defined = system.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    default = join(system, _cache_folder(system, mac="Library/Caches"), "ms-playwright")
    if not defined or defined.startswith(shim_folder(system)):
        return default
    folder = join(system, driver.package, ".local-browsers") if defined == "0" else defined
    holds = any(system.exists(candidate.executable) for candidate in playwright_candidates(system, driver, folder))
    return folder if holds else default


def shim_folder(system: System) -> str:
    """Return the folder that holds our shims."""
    return join(system, _cache_folder(system, mac=".cache"), "outrider", "browsers")


def join(system: System, *parts: str) -> str:
    """Join path parts as `system` would."""
    return ntpath.join(*parts).replace("/", "\\") if system.platform == "win32" else posixpath.join(*parts)


def playwright_candidates(system: System, driver: Driver, registry: str) -> Iterator[Candidate]:
    """Yield Playwright's own downloads, the headless shell first."""
    for program, kind in ((HEADLESS_SHELL, BrowserKind.HEADLESS_SHELL), (CHROMIUM, BrowserKind.CHROMIUM)):
        for path in driver.paths(program, system.platform):
            yield Candidate(join(system, registry, path), kind, BrowserSource.PLAYWRIGHT)


def system_candidates(system: System) -> Iterator[Candidate]:
    """Yield every place where a browser of the system may stand, the cheapest kind first."""
    places = [(system.which(name) or "", kind) for name, kind in _COMMANDS]
    for tail, kind in _PLACES.get(system.platform, ()):
        paths = _windows_paths(system, tail) if system.platform == "win32" else (tail,)
        places += [(path, kind) for path in paths]
    for channel in _CHANNELS:
        kind = BrowserKind.EDGE if channel.startswith("msedge") else BrowserKind.CHROME
        places.append((channel_path(system, channel) or "", kind))
    order = list(BrowserKind)
    for path, kind in sorted(places, key=lambda pair: order.index(pair[1])):
        if path:
            yield Candidate(path, kind, BrowserSource.SYSTEM)


def ffmpeg_candidates(system: System, driver: Driver, registry: str) -> Iterator[str]:
    """Yield where a program that encodes video may stand, Playwright's own first."""
    for path in driver.paths(FFMPEG, system.platform):
        yield join(system, registry, path)
    yield system.which("ffmpeg") or ""


def kind_of(executable: str) -> BrowserKind:
    """Guess from its name which browser an executable is."""
    name = executable.replace("\\", "/").rpartition("/")[2].lower()
    if "headless" in name:
        return BrowserKind.HEADLESS_SHELL
    if "edge" in name:
        return BrowserKind.EDGE
    return BrowserKind.CHROME if "chrome" in name else BrowserKind.CHROMIUM


def read_version(output: str) -> str | None:
    """Return the version in what `--version` printed."""
    match = _VERSION.search(output) or _BARE_VERSION.search(output)
    return match.group(1) if match else None


def judge(finished: Finished, *, needed_major: int) -> tuple[str, None] | tuple[None, str]:
    """Return the version of a browser that can be used, or the reason why it cannot.

    Args:
        finished: How `--version` ended.
        needed_major: The Chromium that the installed Playwright was made for.
    """
    if finished.code is None:
        return None, "does not answer --version within its time limit"
    last = finished.output.strip().splitlines()[-1:] or [""]
    if finished.code != 0:
        return (
            None,
            f"--version exits with {finished.code}: {bounded(last[0], _MOST_CHARACTERS) or 'it prints nothing'}",
        )
    version = read_version(finished.output)
    if version is None:
        return None, f"--version prints no version: {bounded(last[0], _MOST_CHARACTERS) or 'nothing'}"
    oldest = needed_major - OLDEST_MAJORS_BEHIND
    if int(version.partition(".")[0]) < oldest:
        return None, f"version {version} is too old: the installed Playwright needs {oldest} or newer"
    return version, None


def _cache_folder(system: System, *, mac: str) -> str:
    if system.platform == "win32":
        return system.environ.get("LOCALAPPDATA") or join(system, system.home(), "AppData", "Local")
    if system.platform == "darwin" and mac != ".cache":
        return join(system, system.home(), mac)
    return system.environ.get("XDG_CACHE_HOME") or join(system, system.home(), ".cache")


def _windows_paths(system: System, tail: str) -> tuple[str, ...]:
    environ = system.environ
    drive = environ.get("HOMEDRIVE", "C:")
    roots = [environ.get(name, "") for name in ("LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")]
    roots += [f"{drive}\\Program Files", f"{drive}\\Program Files (x86)"]
    return tuple(ntpath.join(root, tail) for root in dict.fromkeys(roots) if root)
