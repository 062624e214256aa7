"""A folder that looks like Playwright's downloads and leads to the browser that is really there.

No environment variable names the executable of a browser; PLAYWRIGHT_BROWSERS_PATH names the folder in which Playwright
looks for its own. Unchanged tests, and video, find what they expect in ours. The entries are scripts, not links:
a program that looks at its own name (the snap launcher) or for its own folder would be misled by a link.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.browser_candidates import shim_folder
from outrider.journeys.driver import CHROMIUM, FFMPEG, HEADLESS_SHELL, Driver, installed_driver
from outrider.journeys.system import Host, System
from outrider.model import BrowserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.journeys.browser import Browser

_OTHER_ENGINES = ("firefox", "webkit")


def environment(
    browser: Browser,
    *,
    system: System | None = None,
    driver: Driver | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables under which unchanged Playwright code finds `browser`, building the folder if need be.

    Args:
        browser: What is to be found.
        system: The machine; this one if absent.
        driver: The installed Playwright; looked up if absent.
        environ: The variables that these are added to; the machine's own if absent.

    Raises:
        BrowserError: If the user's cache folder cannot be written.
    """
    system, driver = system or Host(), driver or installed_driver()
    around_proxy = _reach_loopback(system.environ if environ is None else environ)
    if system.platform == "win32":
        return around_proxy  # A script cannot stand in for an .exe; there the launch adapter does the work alone.
    folder = Path(shim_folder(system)) / _key(browser, driver)
    try:
        build_shim(folder, browser, driver, system.platform)
    except OSError as error:
        raise BrowserError(
            f"{folder} cannot be written: {error.strerror}",
            slug="cache-not-writable",
            fix="set XDG_CACHE_HOME to a folder that may be written",
        ) from error
    return {"PLAYWRIGHT_BROWSERS_PATH": str(folder), **around_proxy}


def build_shim(folder: Path, browser: Browser, driver: Driver, platform: str) -> None:
    """Write what is missing or wrong in `folder`.

    Every file appears whole or not at all and always has the same content, so that two processes may do this at once.
    """
    for path, text in _scripts(browser, driver, platform):
        _put_script(folder / path, text)
    for engine in _OTHER_ENGINES:
        for installed in Path(browser.registry).glob(f"{engine}[-_]*"):
            _put_link(folder / installed.name, installed)


def _reach_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep a proxy for everything from standing between a test and the browser server on this machine."""
    if not any(environ.get(name) for name in ("all_proxy", "ALL_PROXY")):
        return {}
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return {"no_proxy": ",".join(filter(None, (excepted, "127.0.0.1")))}


def _key(browser: Browser, driver: Driver) -> str:
    parts = "\0".join((driver.version, browser.executable, browser.ffmpeg or "", browser.registry))
    return f"{driver.version}-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


def _scripts(browser: Browser, driver: Driver, platform: str) -> Iterator[tuple[str, str]]:
    for program in (HEADLESS_SHELL, CHROMIUM, FFMPEG):
        paths = driver.paths(program, platform)
        real = [str(Path(browser.registry) / path) for path in paths]
        fallback = browser.ffmpeg if program == FFMPEG else browser.executable
        target = next((path for path in real if os.access(path, os.X_OK)), fallback)
        if target:
            for path in paths:
                yield path, f'#!/bin/sh\nexec {shlex.quote(target)} "$@"\n'


def _put_script(path: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        if path.read_text(encoding="utf-8") == text and os.access(path, os.X_OK):
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(path)


def _put_link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(path)
