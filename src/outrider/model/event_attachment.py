"""Files that a client sends along with an event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventAttachment:
    """A file that is kept with an event.

    Attributes:
        name: As the client called it, without folders.
        media_type: As the client told it; nothing is served as that.
        digest: Of its content, an artifact.
    """

    name: str
    media_type: str
    digest: str
    bytes: int
