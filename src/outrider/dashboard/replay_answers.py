"""What the API answers of replays."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_addresses import write_moment
from outrider.model import UsageError
from outrider.real_users import playable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import ArtifactStore, ReplayLog, ReplayQuery, ReplaySegment, ReplaySummary


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """A replay in a list; `bytes` as it is kept, `page` the address that it began on."""

    session: str
    project: int
    began: str | None
    ended: str | None
    page: str
    parts: int
    events: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ReplayPage:
    """Replays, the latest begun first; `next` is the cursor of the page after this one, null on the last."""

    items: tuple[ReplayItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReplayPartItem:
    """A part of a replay; one that `is_playable` does not lack what came before it."""

    recording: str
    number: int
    began: str | None
    ended: str | None
    page: str
    events: int
    bytes: int
    has_snapshot: bool
    is_playable: bool


@dataclass(frozen=True, slots=True)
class ReplayBody:
    """A replay, part by part: its recordings as they began."""

    session: str
    project: int
    parts: tuple[ReplayPartItem, ...]


def api_replays(log: ReplayLog, query: ReplayQuery, limit: int) -> ReplayPage:
    """Return a page of replays."""
    rows = log.latest(query, limit=limit + 1)
    following = write_moment(rows[limit - 1].start_us, rows[limit - 1].session) if len(rows) > limit else None
    return ReplayPage(tuple(map(_item, rows[:limit])), following)


def api_replay(parts: Sequence[ReplaySegment]) -> ReplayBody:
    """Return a replay by its parts, of which there is at least one."""
    played = frozenset(playable(parts))
    items = (
        ReplayPartItem(
            part.recording, part.number, instant(part.start_us), instant(part.end_us), part.page, part.events,
            part.content_bytes, part.has_snapshot, part in played,
        )
        for part in parts
    )  # fmt: skip
    return ReplayBody(parts[0].session, parts[0].project, tuple(items))


def replay_parts(log: ReplayLog, session: str) -> tuple[ReplaySegment, ...]:
    """Return the parts of a session's replay.

    Raises:
        UsageError: unknown-replay.
    """
    parts = log.of_session(session)
    if not parts:
        fix = "replays are kept for [retention] replays, 14 days unless it says otherwise; outrider replays lists them"
        raise UsageError(f"no replay of a session {session[:40]!r} is kept", slug="unknown-replay", fix=fix)
    return parts


def replay_lines(artifacts: ArtifactStore, parts: Sequence[ReplaySegment]) -> Iterator[bytes]:
    """Yield the events of the parts that can be played, an event a line, piece by piece; one part is held at a time.

    Raises:
        StoreError: If a content is gone.
    """
    for part in playable(parts):
        with artifacts.open(part.digest) as file:
            events = json.loads(gzip.decompress(file.read()))
        yield "".join(f"{json.dumps(event, separators=(',', ':'))}\n" for event in events).encode()


def _item(row: ReplaySummary) -> ReplayItem:
    return ReplayItem(
        row.session, row.project, instant(row.start_us), instant(row.end_us), row.page, row.parts, row.events, row.bytes
    )
