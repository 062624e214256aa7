"""A part of a replay: some seconds of what a page looked like to a user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplaySegment:
    """A part of a replay that is kept.

    Attributes:
        session: 32 hexadecimal digits: of the visit, or the id that Sentry's client gave the replay.
        recording: 16 hexadecimal digits: of the document that was recorded; "0" * 16 where its parts go on from
            document to document.
        number: Of the part within its recording, from 0.
        start_us: When its first event happened, by this machine's clock.
        has_snapshot: Whether it begins with all of the page, so that it can be played without the parts before it.
        events: How many.
        page: The address that it began on, without query; "" if it does not say.
        error_ids: Of the events of errors that happened in it, as Sentry's client says.
        digest: Of the content in the artifact folder: gzip of a JSON array of rrweb's events.
        content_bytes: Of that content.
    """

    session: str
    recording: str
    number: int
    project: int
    start_us: int
    end_us: int
    has_snapshot: bool
    events: int
    page: str = ""
    error_ids: tuple[str, ...] = ()
    digest: str = ""
    content_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ReplayQuery:
    """Which replays are wanted.

    Attributes:
        since_us: With a part that began at or after this time, and before `until_us`.
        page: Text in an address that a part began on; "" for any. The case does not count.
        project: 0 for any.
        before: When the last replay of the page before began, and its session.
    """

    since_us: int
    until_us: int
    page: str = ""
    project: int = 0
    before: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What is kept of a session's replay, without its contents.

    Attributes:
        page: The address that its earliest part began on; "" if it does not say.
        bytes: Of all contents, as they are kept.
    """

    session: str
    project: int
    start_us: int
    end_us: int
    page: str
    parts: int
    events: int
    bytes: int
