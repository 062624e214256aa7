"""The content of a notification: values that are kept in the outbox. Pure."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from outrider.alerts.notification_kind import NotificationKind
from outrider.model import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Item:
    """One incident in a message: a headline and lines, each a title and a text.

    Attributes:
        title: What people call the check.
        opening_labels: Labels that never change while the incident lasts.
        past_severities: Those that it had before it became more severe.
    """

    incident: str
    headline: str
    lines: tuple[tuple[str, str], ...]
    phase: str
    began_us: int
    ended_us: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    runbook: str = ""
    run: str = ""
    title: str = ""
    address: str = ""
    run_url: str = ""
    incident_url: str = ""
    opening_labels: Mapping[str, str] = field(default_factory=dict)
    past_severities: tuple[str, ...] = ()

    def with_lines(self, lines: Iterable[tuple[str, str]]) -> Item:
        """Return the item with these lines."""
        return replace(self, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a message.

    Attributes:
        cid: Name by which the message's page shows it; empty for a file that is attached.
        packed: Its content, compressed, in base64.
        title: What it shows, for its caption and for those who cannot see it.
    """

    name: str
    media_type: str
    cid: str
    packed: str = field(repr=False)
    title: str = ""

    @classmethod
    def of(cls, name: str, media_type: str, content: bytes, *, cid: str = "", title: str = "") -> Enclosure:
        """Return an enclosure with this content."""
        return cls(name, media_type, cid, base64.b64encode(zlib.compress(content)).decode(), title)

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return zlib.decompress(base64.b64decode(self.packed))


@dataclass(frozen=True, slots=True)
class Message:
    """A notification's content.

    Attributes:
        topic: Stable over the life of a group: the key by which receivers distinguish problems.
        only_to: Addresses of a mail whose other recipients have it already; empty for all.
        thread: Identity of the first notification of the group; empty where there is none.
        created_us: When it was decided, microseconds UTC.
        is_told: Whether the subject says all that the headline of its only item does.
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
    page: str = field(default="", repr=False)
    enclosures: tuple[Enclosure, ...] = ()
    thread: str = ""
    only_to: tuple[str, ...] = ()
    is_told: bool = False

    @property
    def text(self) -> str:
        """The message as plain text."""
        parts = [f"{self.note}\n"] if self.note else []
        for item in self.items:
            parts.append(item.headline if item.ended_us is None else f"resolved: {item.headline}")
            parts += [f"  {title}: {text}" for title, text in item.lines]
            parts.append("")
        return "\n".join(parts).rstrip() + "\n"

    @property
    def details(self) -> str:
        """The plain text for a reader who has the subject just above it: without a headline that it has said."""
        if not self.is_told or not self.items[0].lines:
            return self.text
        lines = (f"{title}: {text}" for title, text in self.items[0].lines)
        return "\n".join([*([f"{self.note}\n"] if self.note else []), *lines]) + "\n"

    @property
    def is_over(self) -> bool:
        """Whether all its incidents are over."""
        return self.kind is NotificationKind.RESOLVED


def dump(message: Message) -> str:
    """Return a message as it is kept in the outbox."""
    return json.dumps(asdict(message), separators=(",", ":"))


def load(text: str) -> Message:
    """Return a message that was kept."""
    fields: dict[str, Any] = printable_json(json.loads(text))
    items = tuple(_item(value) for value in fields["items"])
    enclosures = tuple(Enclosure(**value) for value in fields.get("enclosures", ()))
    values = {**fields, "kind": NotificationKind(fields["kind"]), "items": items, "enclosures": enclosures}
    return Message(**{**values, "only_to": tuple(fields.get("only_to", ()))})


def _item(value: dict[str, Any]) -> Item:
    lines = tuple((title, line) for title, line in value["lines"])
    return Item(**{**value, "lines": lines, "past_severities": tuple(value.get("past_severities", ()))})


def lightened(text: str) -> str:
    """Return a message as it is kept once it needs to be sent no more: without its page and enclosures."""
    message = load(text)
    return dump(replace(message, page="", enclosures=())) if message.enclosures else text
