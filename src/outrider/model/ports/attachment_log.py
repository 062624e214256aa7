"""Port: files that came along with events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.model.event_attachment import EventAttachment


class AttachmentLog(Protocol):
    """Attachments of events that are kept; they go with them. Their contents are artifacts."""

    def add(self, event: str, files: Sequence[tuple[str, str, Path]]) -> bool:
        """Keep files of an event: name, media type, content; all or none.

        Returns:
            Whether they are kept: not those of an event that is not, or that has some already.
        """
        ...

    def of(self, event: str) -> tuple[EventAttachment, ...]:
        """Return the files of an event, in the order in which they came."""
        ...
