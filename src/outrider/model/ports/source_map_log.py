"""Port: source maps, by what they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from outrider.model.excerpt import Excerpt
    from outrider.model.source_map_entry import SourceMapEntry


class SourceMapLog(Protocol):
    """Source maps. Their contents are artifacts, which are there as long as an entry is."""

    def add(self, entries: Sequence[tuple[SourceMapEntry, Path]]) -> None:
        """Take files, and keep an entry for each: all or, on an error, none.

        One of the same project, release, dist, path and debug id takes the place of that before; digest, size and
        number of what is given count for nothing.
        """
        ...

    def of_debug_id(self, debug_id: str) -> SourceMapEntry | None:
        """Return the latest map with a debug id."""
        ...

    def of_paths(self, paths: Sequence[str], project: int, release: str, dist: str) -> SourceMapEntry | None:
        """Return the map of a script: of its release, its dist and its project before any, then the earlier path."""
        ...

    def of_file(self, name: str, limit: int = 20) -> tuple[SourceMapEntry, ...]:
        """Return the latest maps of scripts whose path ends with `/` and a name, to say why none was found."""
        ...

    def list(self, limit: int = 100) -> Excerpt[SourceMapEntry]:
        """Return entries, the latest first."""
        ...

    def unapplied(self, limit: int = 1_000) -> tuple[SourceMapEntry, ...]:
        """Return the maps that were not applied yet to events that are kept, those uploaded first at the front."""
        ...

    def applied(self, numbers: Collection[int]) -> None:
        """Note that maps were applied to events that are kept."""
        ...

    def use(self, numbers: Collection[int], at_us: int) -> None:
        """Note that maps were needed."""
        ...

    def latest(self) -> int:
        """Return the largest number; 0 if there is no map."""
        ...
