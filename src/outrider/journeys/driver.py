"""What the installed Playwright ships and expects: its Node.js, its revisions, the names of its folders."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.model import BrowserError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHROMIUM = "chromium"
HEADLESS_SHELL = "chromium-headless-shell"
FFMPEG = "ffmpeg"

# Playwright's `registry/index.ts`, EXECUTABLE_PATHS; the second name of a pair is that of releases before 1.57.
_MAC_APP = "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing"
_LAYOUTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "linux": {
        CHROMIUM: ("chrome-linux64/chrome", "chrome-linux-arm64/chrome", "chrome-linux/chrome"),
        HEADLESS_SHELL: (
            "chrome-headless-shell-linux64/chrome-headless-shell",
            "chrome-headless-shell-linux-arm64/chrome-headless-shell",
            "chrome-linux/headless_shell",
        ),
        FFMPEG: ("ffmpeg-linux",),
    },
    "darwin": {
        CHROMIUM: (f"chrome-mac-arm64/{_MAC_APP}", f"chrome-mac-x64/{_MAC_APP}"),
        HEADLESS_SHELL: (
            "chrome-headless-shell-mac-arm64/chrome-headless-shell",
            "chrome-headless-shell-mac-x64/chrome-headless-shell",
        ),
        FFMPEG: ("ffmpeg-mac",),
    },
    "win32": {
        CHROMIUM: ("chrome-win64/chrome.exe",),
        HEADLESS_SHELL: ("chrome-headless-shell-win64/chrome-headless-shell.exe",),
        FFMPEG: ("ffmpeg-win64.exe",),
    },
}


@dataclass(frozen=True, slots=True)
class Driver:
    """The installed Playwright.

    Attributes:
        node: The Node.js that runs the driver.
        cli: The driver's command line program.
        version: Of Playwright.
        revisions: Of each program that Playwright would download.
        chromium_major: Of the Chromium that this Playwright was made for.
    """

    node: str
    cli: str
    version: str
    revisions: Mapping[str, str]
    chromium_major: int

    @property
    def package(self) -> str:
        """Return the folder of the driver's package."""
        return self.cli.replace("\\", "/").rpartition("/")[0]

    def paths(self, program: str, platform: str) -> tuple[str, ...]:
        """Return where Playwright may look for `program`, relative to its folder of browsers."""
        if program not in self.revisions:
            return ()
        folder = f"{program.replace('-', '_')}-{self.revisions[program]}"
        return tuple(f"{folder}/{tail}" for tail in _LAYOUTS.get(platform, {}).get(program, ()))


def parse_browsers(text: str) -> tuple[dict[str, str], int]:
    """Return the revisions of the driver's `browsers.json`, and the major version of its Chromium."""
    entries = {entry["name"]: entry for entry in json.loads(text)["browsers"]}
    revisions = {name: str(entry["revision"]) for name, entry in entries.items()}
    return revisions, int(entries[CHROMIUM]["browserVersion"].partition(".")[0])


def installed_driver() -> Driver:
    """Describe the installed Playwright without importing it.

    Raises:
        BrowserError: If there is none, or it is incomplete.
    """
    spec = find_spec("playwright")
    if spec is None or not spec.submodule_search_locations:
        raise BrowserError("Playwright is not installed", slug="no-playwright", fix="type: pip install playwright")
    folder = Path(spec.submodule_search_locations[0]) / "driver"
    bundled = folder / ("node.exe" if os.name == "nt" else "node")
    try:
        revisions, major = parse_browsers((folder / "package" / "browsers.json").read_text(encoding="utf-8"))
        return Driver(
            node=os.environ.get("PLAYWRIGHT_NODEJS_PATH") or str(bundled),
            cli=str(folder / "package" / "cli.js"),
            version=version("playwright"),
            revisions=revisions,
            chromium_major=major,
        )
    except (OSError, ValueError, KeyError, PackageNotFoundError) as error:
        raise BrowserError(
            f"the installed Playwright cannot be read: {error}",
            slug="no-playwright",
            fix="type: pip install --force-reinstall playwright",
        ) from error
