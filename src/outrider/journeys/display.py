"""Whether this machine can show a window, and what to do where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.journeys.system import Host, System
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADED_VARIABLE = "OUTRIDER_HEADED"
"""Tells a worker that somebody wants to see its browsers."""
_DESKTOPS = ("darwin", "win32")


def has_display(platform: str, environ: Mapping[str, str]) -> bool:
    """Whether programs can open a window: a desktop system, or a display that the environment names."""
    return platform in _DESKTOPS or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def require_display(command: str, otherwise: str, *, is_watched: bool = False, system: System | None = None) -> None:
    """See that a command which opens a window can do so.

    Args:
        command: What somebody typed, as they would type it again.
        otherwise: What to do on a machine that will have no display.
        is_watched: Whether somebody must see the window, so that a display in memory is of no use.
        system: The machine; this one if absent.

    Raises:
        UsageError: no-display, with what to type.
    """
    system = system or Host()
    if has_display(system.platform, system.environ):
        return
    install = "" if system.which("xvfb-run") else "install Xvfb (apt-get install xvfb), and "
    raise UsageError(
        f"{command} opens a window, and this machine has no display: neither DISPLAY nor WAYLAND_DISPLAY is set",
        slug="no-display",
        fix=otherwise if is_watched else f"{install}type: xvfb-run -a {command}; or {otherwise}",
    )
