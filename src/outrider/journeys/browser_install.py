"""How a browser can be installed here, as commands; nothing is run in this module but questions to apt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.journeys.browser_candidates import BrowserSource, playwright_candidates, registry_folder, shim_folder
from outrider.model import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.journeys.driver import Driver
    from outrider.journeys.system import System

_APT_ENVIRON = {"DEBIAN_FRONTEND": "noninteractive"}
_DOWNLOAD_ENVIRON = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "15000", "PW_LANG_NAME": "python"}
_APT_PACKAGES = ("chromium-headless-shell", "chromium")
_UPDATE_TIMEOUT_S = 120
_MOST_CHARACTERS = 200
_PROGRESS = ("Downloading", "|", "Get:", "Unpacking", "Setting up")
_NETWORK = re.compile(r"ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|Could not resolve|timed out|self.signed certificate")
_POLICY = re.compile(r"^(\S+):\n(?:[ \t].*\n)*?[ \t]+Candidate: (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to install a browser: commands that must succeed one after the other."""

    title: str
    source: BrowserSource
    commands: tuple[tuple[str, ...], ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def recipes(system: System, driver: Driver) -> Iterator[Recipe]:
    """Yield the ways to install a browser on this machine, the preferred first; ask for the next if one failed."""
    registry = registry_folder(system, driver)
    environ = {**_DOWNLOAD_ENVIRON, **_away_from_shim(system)}
    playwright = (driver.node, driver.cli)
    shell = (*playwright, "install", "chromium", "--only-shell")
    yield Recipe("playwright install --only-shell chromium", BrowserSource.PLAYWRIGHT, (shell,), environ)
    if not (is_apt_system(system) and system.is_root()):
        return
    if any(system.exists(candidate.executable) for candidate in playwright_candidates(system, driver, registry)):
        libraries = (*playwright, "install-deps", "chromium-headless-shell")
        yield Recipe("playwright install-deps", BrowserSource.PLAYWRIGHT, (libraries,), {**environ, **_APT_ENVIRON})
    yield from _apt_recipes(system)


def _away_from_shim(system: System) -> dict[str, str]:
    """Let a download go where the user says, or else to Playwright's own folder, but never into a shim."""
    defined = system.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    return {"PLAYWRIGHT_BROWSERS_PATH": ""} if defined.startswith(shim_folder(system)) else {}


def _apt_recipes(system: System) -> Iterator[Recipe]:
    update = ("apt-get", "update", "-qq")
    package = apt_package(system)
    if package is not None:
        yield Recipe(f"apt-get install {package} ffmpeg", BrowserSource.APT, (_install(package),), _APT_ENVIRON)
    # The lists of packages may be absent, as in most containers, or so old that what they name is gone.
    updated = system.run(update, timeout_s=_UPDATE_TIMEOUT_S, environ=_APT_ENVIRON)
    package = apt_package(system) if updated.code == 0 else None
    if package is not None:
        title = f"apt-get update, apt-get install {package} ffmpeg"
        yield Recipe(title, BrowserSource.APT, (_install(package),), _APT_ENVIRON)


def _install(package: str) -> tuple[str, ...]:
    # Of what Playwright's own Node needs, small systems lack libatomic1.
    return ("apt-get", "install", "-y", "-qq", "--no-install-recommends", package, "ffmpeg", "libatomic1")


def is_progress(line: str) -> bool:
    """Return whether a line that an installer prints tells a reader how far it got."""
    return line.startswith(_PROGRESS)


def last_words(output: str) -> str:
    """Return the line of a failed installer's output that tells most about why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    network = [line for line in lines if _NETWORK.search(line)]
    errors = [line for line in lines if line.startswith(("Error", "E:"))]
    line = (network[:1] or errors[-1:] or lines[-1:] or ["it prints nothing"])[0]
    return bounded(line, _MOST_CHARACTERS)


def is_apt_system(system: System) -> bool:
    """Return whether this is Debian, Ubuntu or a child of theirs, with its package manager at hand."""
    release = system.os_release()
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return bool(family & {"debian", "ubuntu"}) and system.which("apt-get") is not None


def apt_package(system: System) -> str | None:
    """Return the package that apt would install a real browser from, or None."""
    finished = system.run(("apt-cache", "policy", *_APT_PACKAGES), timeout_s=30, environ={"LC_ALL": "C"})
    return choose_package(finished.output)


def choose_package(policy: str) -> str | None:
    """Choose from what `apt-cache policy` printed.

    Ubuntu's own Chromium packages hold nothing but a request to install a snap, which needs a running snapd and
    may not read our folders; their versions say so ("2:1snap1-0ubuntu2").
    """
    offered = {
        name: version for name, version in _POLICY.findall(policy) if version != "(none)" and "snap" not in version
    }
    return next((package for package in _APT_PACKAGES if package in offered), None)


def advice(system: System, machine: str, *, with_window: bool = False) -> str:
    """Return what to type to get a browser on this machine, one that can show itself if that is needed."""
    ways = ["playwright install --only-shell chromium"]
    release = system.os_release()
    if is_apt_system(system):
        sudo = "" if system.is_root() else "sudo "
        if "ubuntu" in (release.get("ID", ""), *release.get("ID_LIKE", "").split()):
            ways = [f"{sudo}playwright install --with-deps --only-shell chromium"]
            if machine in ("x86_64", "amd64"):
                ways.append(f"{sudo}playwright install chrome")
        else:
            ways.append(f"{sudo}apt-get install chromium-headless-shell ffmpeg")
    elif system.platform == "darwin":
        ways.append("brew install --cask google-chrome")
    elif system.platform == "win32":
        ways.append("winget install Google.Chrome")
    if with_window:
        ways = [way.replace("--only-shell ", "").replace("chromium-headless-shell", "chromium") for way in ways]
    return (
        "type: "
        + "\n    or: ".join(ways)
        + '\n  or set browser to the path of a Chromium, Chrome or Edge in "outrider.toml"'
    )
