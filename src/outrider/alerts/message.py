"""What a notification says, made from the evidence of its incidents alone: values that are kept in the outbox. Pure."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from outrider.alerts.notification_kind import NotificationKind

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Item:
    """What is said of one incident: a headline and lines, each a title and a text."""

    incident: str
    headline: str
    lines: tuple[tuple[str, str], ...]
    phase: str
    began_us: int
    ended_us: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    runbook: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a message.

    Attributes:
        cid: Name by which the message's page shows it; empty for a file that is attached.
        packed: Its content, compressed, in base64.
    """

    name: str
    media_type: str
    cid: str
    packed: str = field(repr=False)

    @classmethod
    def of(cls, name: str, media_type: str, content: bytes, *, cid: str = "") -> Enclosure:
        """Return an enclosure with this content."""
        return cls(name, media_type, cid, base64.b64encode(zlib.compress(content)).decode())

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return zlib.decompress(base64.b64decode(self.packed))


@dataclass(frozen=True, slots=True)
class Message:
    """A notification's content.

    Attributes:
        topic: Stable over the life of what it speaks of: the key by which receivers tell one problem from another.
        created_us: When it was decided, microseconds UTC.
        picture: The trend as PNG, for receivers that can show it.
        page: What a mail shows in place of the text, as HTML; empty for the text itself.
    """

    kind: NotificationKind
    topic: str
    subject: str
    severity: str
    items: tuple[Item, ...]
    created_us: int
    workspace: str = ""
    note: str = ""
    route: str = ""
    repeat_s: float = 0.0
    picture: bytes | None = field(default=None, repr=False)
    page: str = field(default="", repr=False)
    enclosures: tuple[Enclosure, ...] = ()

    @property
    def text(self) -> str:
        """The message as plain text."""
        parts = [f"{self.note}\n"] if self.note else []
        for item in self.items:
            parts.append(item.headline)
            parts += [f"  {title}: {text}" for title, text in item.lines]
            parts.append("")
        return "\n".join(parts).rstrip() + "\n"

    @property
    def is_over(self) -> bool:
        """Whether everything that it speaks of is over."""
        return self.kind is NotificationKind.RESOLVED


def dump(message: Message) -> str:
    """Return a message as it is kept in the outbox; the picture is drawn anew when it is sent."""
    return json.dumps(asdict(replace(message, picture=None)), separators=(",", ":"))


def load(text: str) -> Message:
    """Return a message that was kept."""
    fields: dict[str, Any] = json.loads(text)
    items = tuple(
        Item(**{**value, "lines": tuple((title, line) for title, line in value["lines"])}) for value in fields["items"]
    )
    enclosures = tuple(Enclosure(**value) for value in fields.get("enclosures", ()))
    return Message(**{**fields, "kind": NotificationKind(fields["kind"]), "items": items, "enclosures": enclosures})


def lightened(text: str) -> str:
    """Return a message as it is kept once it needs to be sent no more: without its page and enclosures."""
    message = load(text)
    return dump(replace(message, page="", enclosures=())) if message.enclosures else text
