"""How a browser can be installed here, as commands; nothing is run in this module but questions to apt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.journeys.candidates import BrowserSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.journeys.driver import Driver
    from outrider.journeys.system import System

_APT_ENVIRON = {"DEBIAN_FRONTEND": "noninteractive"}
_DOWNLOAD_ENVIRON = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "15000", "PW_LANG_NAME": "python"}
_APT_PACKAGES = ("chromium-headless-shell", "chromium")
_POLICY = re.compile(r"^(\S+):\n(?:[ \t].*\n)*?[ \t]+Candidate: (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to install a browser: commands that must succeed one after the other."""

    title: str
    source: BrowserSource
    commands: tuple[tuple[str, ...], ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def recipes(system: System, driver: Driver) -> Iterator[Recipe]:
    """Yield the ways to install a browser on this machine, the preferred first."""
    playwright = (driver.node, driver.cli)
    yield Recipe(
        "playwright install chromium --only-shell",
        BrowserSource.PLAYWRIGHT,
        ((*playwright, "install", "chromium", "--only-shell"),),
        {**_DOWNLOAD_ENVIRON, **_own_registry(system)},
    )
    if not (is_apt_system(system) and system.is_root()):
        return
    package = apt_package(system)
    if package is None:
        update = system.run(("apt-get", "update", "-qq"), timeout_s=120, environ=_APT_ENVIRON)
        package = apt_package(system) if update.code == 0 else None
    if package is not None:
        command = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", package, "ffmpeg")
        yield Recipe(" ".join(command[:2] + command[5:]), BrowserSource.APT, (command,), _APT_ENVIRON)


def is_apt_system(system: System) -> bool:
    """Say whether this is Debian, Ubuntu or a child of theirs, with its package manager at hand."""
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


def advice(system: System, machine: str) -> str:
    """Return what to type to get a browser on this machine."""
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
    return (
        "type: "
        + "\n    or: ".join(ways)
        + '\n  or set browser to the path of a Chromium, Chrome or Edge in "outrider.toml"'
    )


def _own_registry(system: System) -> dict[str, str]:
    defined = system.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    return {"PLAYWRIGHT_BROWSERS_PATH": ""} if "outrider" in defined else {}
