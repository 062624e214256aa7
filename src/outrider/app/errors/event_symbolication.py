"""Source maps of a store, applied to events before they are grouped, and again to kept ones when maps come late."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from outrider.app.access.workspace_access import now_us
from outrider.errors import (
    LARGEST_MAP,
    SCRIPT_PLATFORMS,
    BadSourceMap,
    SourceMap,
    debug_id_of,
    debug_ids,
    read_source_map,
    script_paths,
    symbolicated,
)
from outrider.model import IssueNote, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import ErrorEvent, ErrorRules, MapRecords, SourceMapEntry

log = structlog.get_logger("outrider.errors")

_MEMORY_BYTES: Final = 256_000_000
_MOST_ANSWERS: Final = 20_000
_DAY_US: Final = 86_400_000_000
_LATE_EVENTS: Final = 2_000
_AT_ONCE: Final = 200


class EventSymbolication:
    """Applies maps; safe between threads. Maps are kept in memory as far as 256 MB go, those used last."""

    def __init__(self, records: MapRecords) -> None:
        self._records = records
        self._lock = Lock()
        self._latest = -1
        self._entries: dict[tuple[object, ...], SourceMapEntry | str] = {}
        self._maps: OrderedDict[str, SourceMap | str] = OrderedDict()
        self._used: set[int] = set()

    def apply(self, events: Sequence[ErrorEvent]) -> list[ErrorEvent]:
        """Return events whose frames are those of the sources, as far as there are maps.

        Raises:
            StoreError: If the store cannot be read.
        """
        if not any(event.platform in SCRIPT_PLATFORMS for event in events):
            return list(events)
        with self._lock:
            self._follow()
            done = [self._applied(event) for event in events]
            used, self._used = self._used, set()
        self._records.source_maps.use(used, now_us())
        return done

    def apply_late(self, rules: ErrorRules) -> None:
        """Read kept events again with maps that were uploaded since they came, and group them anew.

        The latest two thousand that may be concerned are.

        Raises:
            StoreError: If the store cannot be read or written.
        """
        entries = self._records.source_maps.unapplied()
        if not entries:
            return
        numbers = [entry.number for entry in entries]
        try:
            events = self._apply_to_kept(entries, rules)
        except StoreError:
            raise
        except Exception as error:  # whatever it is: errors are taken meanwhile, and these maps are not tried again
            log.exception("source maps could not be applied to kept events", maps=numbers, reason=str(error))
        else:
            log.info("source maps were applied to kept events", maps=len(numbers), events=events)
        self._records.source_maps.applied(numbers)

    def _apply_to_kept(self, entries: Sequence[SourceMapEntry], rules: ErrorRules) -> int:
        """Return how many kept events say more with maps than before, once they are grouped anew."""
        is_any = any(entry.debug_id or not entry.release for entry in entries)
        releases = None if is_any else {entry.release for entry in entries}
        kept = self._records.errors.built(releases, _LATE_EVENTS)
        changed = [new for old, new in zip(kept, self.apply(kept), strict=True) if _is_mapped_further(old, new)]
        for start in range(0, len(changed), _AT_ONCE):
            note = IssueNote(now_us(), "", "symbolicate", "")
            self._records.errors.regroup(changed[start : start + _AT_ONCE], rules, note)
        return len(changed)

    def _applied(self, event: ErrorEvent) -> ErrorEvent:
        """Return an event with its maps applied; as it is, where that fails: no error is lost by that."""
        try:
            return symbolicated(event, lambda path: self._find(event, path))
        except StoreError:
            raise
        except Exception as error:
            log.exception("source maps could not be applied", event_id=event.id, reason=str(error))
            return event

    def _follow(self) -> None:
        """Forget what was not found, once there are other maps."""
        latest = self._records.source_maps.latest()
        if latest != self._latest or len(self._entries) > _MOST_ANSWERS:
            self._latest = latest
            self._entries.clear()

    def _find(self, event: ErrorEvent, path: str) -> SourceMap | str:
        if not self._latest:
            return "no source map was uploaded"
        debug_id = debug_id_of(debug_ids(event).get(path))
        key = (event.project, event.release, event.dist, path, debug_id)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = self._entry(event, path, debug_id)
        if isinstance(entry, str):
            return entry
        if entry.used_us < now_us() - _DAY_US:
            self._used.add(entry.number)
        return self._map(entry)

    def _entry(self, event: ErrorEvent, path: str, debug_id: str) -> SourceMapEntry | str:
        maps, paths = self._records.source_maps, script_paths(path)
        entry = maps.of_debug_id(debug_id) or maps.of_paths(paths, event.project, event.release, event.dist)
        return entry if entry is not None else self._why_none(event, paths, debug_id)

    def _why_none(self, event: ErrorEvent, paths: Sequence[str], debug_id: str) -> str:
        wanted = f"{paths[-1]} in {f'release {event.release}' if event.release else 'events without a release'}"
        near = self._records.source_maps.of_file(paths[-1].rpartition("/")[2], 3)
        if near:
            there = "; ".join(dict.fromkeys(f"{entry.path} in {_scope(entry)}" for entry in near))
            return f"no source map for {wanted}; there is one for {there}"
        return f"no source map for {wanted}{f', nor for debug id {debug_id}' if debug_id else ''}"

    def _map(self, entry: SourceMapEntry) -> SourceMap | str:
        source_map = self._maps.pop(entry.digest, None) or self._read(entry)
        self._maps[entry.digest] = source_map
        sizes = {digest: own.bytes for digest, own in self._maps.items() if isinstance(own, SourceMap)}
        total = sum(sizes.values())
        while total > _MEMORY_BYTES and len(self._maps) > 1:
            total -= sizes.get(self._maps.popitem(last=False)[0], 0)
        return source_map

    def _read(self, entry: SourceMapEntry) -> SourceMap | str:
        try:
            with self._records.artifacts.open(entry.digest) as file:
                machine = zlib.decompressobj(wbits=31)
                return read_source_map(machine.decompress(file.read(), LARGEST_MAP + 1))
        except (BadSourceMap, zlib.error) as problem:
            return f"the source map cannot be used: {problem}"
        except (StoreError, OSError):
            return "the source map is gone from the artifact folder"


def _scope(entry: SourceMapEntry) -> str:
    return f"release {entry.release}" if entry.release else "any release"


def _is_mapped_further(old: ErrorEvent, new: ErrorEvent) -> bool:
    return _mapped_frames(new) > _mapped_frames(old)


def _mapped_frames(event: ErrorEvent) -> int:
    stacks = [*(own.frames for own in event.exceptions), *(own.frames for own in event.threads)]
    return sum(bool(frame.minified) for frames in stacks for frame in frames)
