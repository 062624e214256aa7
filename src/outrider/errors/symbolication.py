"""Frames of built scripts -> frames of what their authors wrote, by source maps. Pure but for finding the maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.model import StackFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.errors.source_map import SourceMap
    from outrider.model import ErrorEvent

    FindMap = Callable[[str], "SourceMap | str"]
    """Returns the map of a script by its address, or why there is none."""

SCRIPT_PLATFORMS: Final = frozenset({"javascript", "node"})
_AROUND: Final = 5
_SHORT_LINES: Final = 500
"""People rarely write a line that is longer: a frame further to the right is of a script that was built."""
_LASTING_NAME: Final = 3
_OTHERS: Final = ("node_modules/", "webpack/bootstrap", "webpack/runtime", "(unknown)", "vendor/", "<define:")


def symbolicated(event: ErrorEvent, find: FindMap) -> ErrorEvent:
    """Return an event whose frames are those of the sources, as far as maps are found; the very same if none is.

    A frame that a map was applied to, or whose client sent a place in the sources, stays as it is.
    """
    if event.platform not in SCRIPT_PLATFORMS:
        return event
    mapper = _Mapper(find)
    exceptions = tuple(replace(own, frames=mapper.frames(own.frames)) for own in event.exceptions)
    threads = tuple(replace(own, frames=mapper.frames(own.frames)) for own in event.threads)
    return replace(event, exceptions=exceptions, threads=threads) if mapper.has_changed else event


def script_paths(address: str) -> tuple[str, ...]:
    """Return by what a script is known: its address, and `~` with its path, as that is on any host."""
    plain = address.partition("?")[0].partition("#")[0]
    try:
        parts = urlsplit(plain)
    except ValueError:
        return (plain,)
    path = parts.path if parts.scheme and (parts.netloc or plain.startswith(f"{parts.scheme}:/")) else plain
    return (plain, "~/" + path.lstrip("/")) if path.strip("/") else (plain,)


def debug_ids(event: ErrorEvent) -> Mapping[str, str]:
    """Return the debug ids of an event's scripts, by their addresses."""
    return {image.path: image.debug_id for image in event.debug_images if image.kind == "sourcemap" and image.path}


class _Mapper:
    def __init__(self, find: FindMap) -> None:
        self._find = find
        self._maps: dict[str, SourceMap | str] = {}
        self.has_changed = False

    def frames(self, frames: tuple[StackFrame, ...]) -> tuple[StackFrame, ...]:
        return tuple(map(self._frame, frames))

    def _frame(self, frame: StackFrame) -> StackFrame:
        if frame.minified or not frame.line or not frame.path or frame.path.startswith(("<", "node:", "[")):
            return frame
        address = frame.path
        source_map = self._maps.get(address)
        if source_map is None:
            source_map = self._maps[address] = self._find(address)
        mapped = source_map if isinstance(source_map, str) else mapped_frame(frame, source_map)
        if isinstance(mapped, str):
            mapped = replace(frame, unmapped=mapped if looks_built(frame) else "")
        self.has_changed |= mapped != frame
        return mapped


def looks_built(frame: StackFrame) -> bool:
    """Return whether a frame is of a script that no person wrote as it is."""
    is_long = frame.column > _SHORT_LINES or len(frame.source) > _SHORT_LINES
    return is_long or ".min." in frame.path or 0 < len(frame.function) < _LASTING_NAME


def mapped_frame(frame: StackFrame, source_map: SourceMap) -> StackFrame | str:
    """Return a frame as its author knows it, or why the map does not say that."""
    place = source_map.find(frame.line, frame.column or 1)
    if place is None:
        if frame.line > source_map.last_line:
            last = source_map.last_line
            return f"the source map ends at line {last}: it is for another file or another build"
        return "the source map does not say where this place comes from"
    path = source_map.paths[place.source]
    text = source_map.text(place.source)
    lines = text.lines(place.line - _AROUND, place.line + _AROUND) if text is not None else ()
    own = min(_AROUND, place.line - 1)
    function = text.function(place.line, place.column) if text is not None else frame.function
    return StackFrame(
        function=function,
        path=path,
        line=place.line,
        column=place.column,
        in_app=frame.in_app and not any(part in path for part in _OTHERS),
        before=lines[:own],
        source=lines[own] if own < len(lines) else "",
        after=lines[own + 1 :],
        locals=frame.locals,
        minified=f"{frame.function or '(anonymous)'} at {frame.path}:{frame.line}:{frame.column}"[:500],
    )
