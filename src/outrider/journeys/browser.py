"""Find a browser that the installed Playwright can drive, or install one, and say which."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.journeys.browser_candidates import (
    CHANNELS,
    PLAYWRIGHT_CHANNELS,
    BrowserKind,
    BrowserSource,
    Candidate,
    Rejected,
    channel_path,
    ffmpeg_candidates,
    judge,
    kind_of,
    playwright_candidates,
    registry_folder,
    system_candidates,
)
from outrider.journeys.browser_install import Recipe, advice, is_progress, last_words, recipes
from outrider.journeys.driver import Driver, installed_driver
from outrider.journeys.system import Finished, Host, System
from outrider.model import BrowserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_VERSION_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """The user's settings of the browser.

    Attributes:
        wanted: Path of an executable or name of a channel; empty means: search.
        with_window: Only one that can show itself.
        install_timeout_s: Limit of each way of installing one.
    """

    wanted: str = ""
    install_timeout_s: float = 300.0
    with_window: bool = False


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that can be used.

    Attributes:
        version: As it prints itself, such as "156.0.8078.79".
        ffmpeg: The program that encodes video; None means that everything but video works.
        registry: Folder of Playwright's own downloads, which may hold Firefox and WebKit.
    """

    executable: str
    kind: BrowserKind
    version: str
    source: BrowserSource
    ffmpeg: str | None
    registry: str

    def __str__(self) -> str:
        video = "video works" if self.ffmpeg else "no video: ffmpeg is missing"
        return f"{self.kind} {self.version} at {self.executable} ({self.source}; {video})"


def find_browser(settings: BrowserSettings, *, system: System | None = None, driver: Driver | None = None) -> Browser:
    """Return the first usable browser: the setting, Playwright's own download, the system's.

    Raises:
        BrowserError: If there is none; it lists what was found and why it was rejected, and says what to type.
    """
    return _search(settings, system or Host(), driver or installed_driver(), rejected=[])


def provide_browser(
    settings: BrowserSettings,
    *,
    install: bool,
    on_progress: Callable[[str], None] = lambda _line: None,
    system: System | None = None,
    driver: Driver | None = None,
) -> Browser:
    """Return a usable browser, installing one if allowed and needed.

    Args:
        settings: The user's.
        install: Whether one may be downloaded, or installed by the system's package manager.
        on_progress: Receives a line of progress at a time.
        system: The machine; this one if absent.
        driver: The installed Playwright; looked up if absent.

    Raises:
        BrowserError: If there is none; it lists what was found and tried, and says what to type.
    """
    system, driver = system or Host(), driver or installed_driver()
    try:
        return find_browser(settings, system=system, driver=driver)
    except BrowserError:
        if not install or settings.wanted:
            raise
    rejected: list[Rejected] = []
    for recipe in recipes(system, driver):
        failure = _cook(recipe, settings, system, on_progress)
        if failure:
            rejected.append(failure)
            continue
        try:
            return _search(settings, system, driver, rejected=rejected, source=recipe.source)
        except BrowserError:
            rejected.append(Rejected(recipe.title, "succeeded, and yet no usable browser was found"))
    return _search(settings, system, driver, rejected=rejected)


def missing_engine(name: str, browser: Browser) -> BrowserError:
    """Return the error for a journey that asks for Firefox or WebKit, which is not installed."""
    return BrowserError(
        f"the journey asks for {name}, and only {browser.kind} {browser.version} is installed",
        slug="engine-not-installed",
        fix=f"type: playwright install --with-deps {name}",
    )


def _cook(
    recipe: Recipe, settings: BrowserSettings, system: System, on_progress: Callable[[str], None]
) -> Rejected | None:
    on_progress(recipe.title)
    for command in recipe.commands:
        finished = system.run(
            command,
            timeout_s=settings.install_timeout_s,
            on_progress=lambda line: on_progress(line) if is_progress(line) else None,
            environ=recipe.environ,
        )
        if finished.code is None:
            return Rejected(recipe.title, f"stopped after {settings.install_timeout_s:g} s")
        if finished.code != 0:
            return Rejected(recipe.title, f"exits with {finished.code}: {last_words(finished.output)}")
    return None


def _search(
    settings: BrowserSettings,
    system: System,
    driver: Driver,
    *,
    rejected: list[Rejected],
    source: BrowserSource | None = None,
) -> Browser:
    registry = registry_folder(system, driver)
    rejected = list(rejected)
    for candidate in _candidates(settings, system, driver, registry):
        if not system.exists(candidate.executable):
            if candidate.source is BrowserSource.SETTING:
                rejected.append(Rejected(candidate.executable, "no such executable file"))
            continue
        if settings.with_window and candidate.kind is BrowserKind.HEADLESS_SHELL:
            rejected.append(Rejected(candidate.executable, "it cannot open a window"))
            continue
        finished = _ask_version(system, candidate.executable)
        version, reason = judge(finished, needed_major=driver.chromium_major)
        if version is None:
            rejected.append(Rejected(candidate.executable, reason or ""))
            continue
        source = candidate.source if source is None or candidate.source is not BrowserSource.SYSTEM else source
        ffmpeg = _find_ffmpeg(system, driver, registry)
        return Browser(candidate.executable, candidate.kind, version, source, ffmpeg, registry)
    raise _no_browser(settings, system, rejected)


def _candidates(settings: BrowserSettings, system: System, driver: Driver, registry: str) -> Iterator[Candidate]:
    if settings.wanted:
        yield from _wanted(settings.wanted, system, driver, registry)
        return
    seen: set[str] = set()
    everything = [*playwright_candidates(system, driver, registry), *system_candidates(system)]
    for candidate in everything:
        if candidate.executable not in seen:
            seen.add(candidate.executable)
            yield candidate


def _wanted(wanted: str, system: System, driver: Driver, registry: str) -> Iterator[Candidate]:
    if wanted in PLAYWRIGHT_CHANNELS:
        candidates = [*playwright_candidates(system, driver, registry), *system_candidates(system)]
        shell = wanted == "chromium-headless-shell"
        for candidate in candidates:
            if (candidate.kind is BrowserKind.HEADLESS_SHELL) is shell and candidate.kind in (
                BrowserKind.HEADLESS_SHELL,
                BrowserKind.CHROMIUM,
            ):
                yield candidate
        return
    if wanted in CHANNELS:
        path = channel_path(system, wanted)
        if path:
            yield Candidate(path, kind_of(path), BrowserSource.SETTING)
        return
    path = wanted if "/" in wanted or "\\" in wanted else system.which(wanted) or wanted
    yield Candidate(path, kind_of(path), BrowserSource.SETTING)


def _ask_version(system: System, executable: str) -> Finished:
    return system.run([executable, "--version"], timeout_s=_VERSION_TIMEOUT_S)


def _find_ffmpeg(system: System, driver: Driver, registry: str) -> str | None:
    for path in ffmpeg_candidates(system, driver, registry):
        if path and system.exists(path):
            finished = system.run([path, "-version"], timeout_s=_VERSION_TIMEOUT_S)
            # Playwright encodes VP8 and nothing else.
            if finished.code == 0 and "libvpx" in finished.output:
                return path
    return None


def _no_browser(settings: BrowserSettings, system: System, rejected: list[Rejected]) -> BrowserError:
    what = "no browser that opens a window was found" if settings.with_window else "no usable browser was found"
    if settings.wanted:
        what = f"the browser that the settings ask for, {settings.wanted!r}, cannot be used"
    listed = "".join(f"\n  - {reject}" for reject in rejected)
    return BrowserError(
        what + listed, slug="no-browser", fix=advice(system, platform.machine(), with_window=settings.with_window)
    )
