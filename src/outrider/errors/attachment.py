"""Attachments of an envelope: which are kept, and under which names. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.errors.envelope import EnvelopeItem

ATTACHMENT: Final = "attachment"
MOST_ATTACHMENTS: Final = 5
MOST_ATTACHMENT_BYTES: Final = 2 << 20
"""Of one event, together."""
_NAME_CHARACTERS: Final = 100
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")


@dataclass(frozen=True, slots=True)
class SentAttachment:
    """A file as it was sent, its text scrubbed."""

    name: str
    media_type: str
    content: bytes


def kept_attachments(items: Sequence[EnvelopeItem], scrub: Callable[[str, int], str]) -> list[SentAttachment]:
    """Return the first five attachments of an envelope that fit into two megabytes together.

    Args:
        items: Of an envelope with one event.
        scrub: Returns a text without secrets and personal data; what is no text is kept as it is.
    """
    kept: list[SentAttachment] = []
    left = MOST_ATTACHMENT_BYTES
    for item in items:
        if item.type == ATTACHMENT and 0 < len(item.payload) <= left and len(kept) < MOST_ATTACHMENTS:
            left -= len(item.payload)
            content = _scrubbed(item.payload, scrub)
            kept.append(SentAttachment(_name(item.headers.get("filename")), _type(item.headers), content))
    return kept


def attachment_to_json(attachment: SentAttachment) -> list[str]:
    """Return an attachment as values of JSON."""
    return [attachment.name, attachment.media_type, base64.b64encode(attachment.content).decode()]


def attachment_from_json(value: Sequence[str]) -> SentAttachment:
    """Return the attachment that `attachment_to_json` has written.

    Raises:
        ValueError: If it is none.
    """
    name, media_type, content = value
    return SentAttachment(name, media_type, base64.b64decode(content))


def _scrubbed(content: bytes, scrub: Callable[[str, int], str]) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return scrub(text, MOST_ATTACHMENT_BYTES).encode("utf-8", "replace")


def _name(value: object) -> str:
    """Return the name of a file without its folders, and without what no line shows."""
    text = re.split(r"[/\\]", value)[-1] if isinstance(value, str) else ""
    name = "".join(letter for letter in text if letter.isprintable()).strip().lstrip(".")
    return name[-_NAME_CHARACTERS:] or "attachment"


def _type(headers: Mapping[str, Any]) -> str:
    media_type = headers.get("content_type")
    return media_type if isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type) else ""
