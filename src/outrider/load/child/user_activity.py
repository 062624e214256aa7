"""What users are doing, read from where their greenlets stand."""

from __future__ import annotations

import functools
import sysconfig
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import locust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import FrameType

_LOCUST = str(Path(locust.__file__).parent)
_LIBRARIES = ("site-packages", "dist-packages", "<frozen", "/gevent/", "<string>", "outrider/load/child")
_STANDARD = sysconfig.get_path("stdlib")


def activities(greenlets: Iterable[Any]) -> Mapping[str, int]:
    """Return how many users do what."""
    return dict(Counter(_activity(list(_frames(greenlet.gr_frame))) for greenlet in greenlets))


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _activity(frames: list[FrameType]) -> str:
    """Return what a user does; frames from the innermost on."""
    own = [frame for frame in frames if is_own(frame.f_code.co_filename)]
    for frame in own:
        if frame.f_code.co_name == "on_start":
            return f"still in on_start ({place(own[0])})"
    if own:
        return f"in {own[0].f_code.co_name} ({place(own[0])})"
    if any(frame.f_code.co_name in {"wait", "_sleep"} and _LOCUST in frame.f_code.co_filename for frame in frames):
        return "sleeping between tasks"
    return "about to start"


def is_own(file: str) -> bool:
    """Tell whether a file is the user's, and none of a library."""
    return not any(part in file for part in _LIBRARIES) and not file.startswith(_STANDARD)


def place(frame: FrameType) -> str:
    """Return file and line where a frame stands: the path within the workspace, or the name of a file elsewhere."""
    file = Path(frame.f_code.co_filename)
    shown = file.relative_to(root()).as_posix() if file.is_relative_to(root()) else file.name
    return f"{shown}:{frame.f_lineno}"


@functools.cache
def root() -> Path:
    """Return the folder of the workspace's copy that the load runs in: the one that holds its settings."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "outrider.toml").is_file()), here)
