"""The artifacts of a run as a page shows them: pictures, videos, traces, and what can be saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrider.dashboard.artifact_types import served_type
from outrider.model import ArtifactKind
from outrider.reports import inline_picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import ReplaySegment, StoredArtifact

_MOST_PICTURES = 8
_EMBEDDED_BYTES = 30_000
"""A larger picture comes from the artifacts' origin, if the reader reaches it."""


class FileLinks(Protocol):
    """Addresses of artifacts at an origin that is not that of pages; they end within the hour."""

    @property
    def origin(self) -> str:
        """Of the files."""
        ...

    @property
    def can_show_traces(self) -> bool:
        """Whether the trace viewer works there."""
        ...

    def file(self, artifact: StoredArtifact) -> str:
        """Return the address of a file."""
        ...

    def saved(self, digest: str, name: str) -> str:
        """Return the address at which a browser saves some content, whatever it is, and never shows it."""
        ...

    def trace(self, artifact: StoredArtifact) -> str:
        """Return the address at which the trace viewer shows a trace."""
        ...

    @property
    def player(self) -> str:
        """The address of the player of replays; empty without one."""
        ...

    def replay(self, part: ReplaySegment) -> str:
        """Return the address of a part of a replay."""
        ...


@dataclass(frozen=True, slots=True)
class RunFile:
    """An artifact on a page; an address is empty where there is none.

    Attributes:
        href: Where it opens, or is saved.
        trace: Where the trace viewer shows it.
        picture: What an image shows: a small one as a data address.
        video: What a player plays.
    """

    artifact: StoredArtifact
    href: str = ""
    trace: str = ""
    picture: str = ""
    video: str = ""


def run_files(artifacts: Iterable[StoredArtifact], links: FileLinks | None) -> tuple[RunFile, ...]:
    """Return artifacts as a page shows them; pictures beyond the first few are links only."""
    files: list[RunFile] = []
    for artifact in artifacts:
        has_room = sum(bool(file.picture) for file in files) < _MOST_PICTURES
        files.append(_file(artifact, links, has_room=has_room))
    return tuple(files)


def _file(artifact: StoredArtifact, links: FileLinks | None, *, has_room: bool) -> RunFile:
    href = links.file(artifact) if links else ""
    served = served_type(artifact.kind, artifact.name)
    is_trace = artifact.kind is ArtifactKind.TRACE and served.media_type == "application/zip"
    is_picture = artifact.kind is ArtifactKind.SCREENSHOT and served.is_shown
    is_video = artifact.kind is ArtifactKind.VIDEO and served.is_shown
    return RunFile(
        artifact,
        href,
        links.trace(artifact) if links and links.can_show_traces and is_trace else "",
        _picture(artifact, href) if is_picture and has_room else "",
        href if is_video else "",
    )


def _picture(artifact: StoredArtifact, href: str) -> str:
    if href and artifact.bytes > _EMBEDDED_BYTES:
        return href
    return inline_picture(artifact) or href
