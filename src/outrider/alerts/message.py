"""What a notification says, made from the evidence of its incidents alone: values that are kept in the outbox. Pure."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from outrider.alerts.group import Kind
from outrider.alerts.incident import Phase
from outrider.workspace import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts.group import Dispatch
    from outrider.alerts.incident import Incident
    from outrider.alerts.settings import AlertSettings

_MOST_CHECKS = 5
_SECOND_US = 1_000_000


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

    kind: Kind
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
        return self.kind is Kind.RESOLVED


def compose(telling: Dispatch, topic: str, settings: AlertSettings, *, workspace: str, now_us: int) -> Message:
    """Return the message of a telling."""
    items = tuple(_item(one, settings, now_us) for one in telling.incidents)
    severity = min((one.severity for one in telling.incidents), key=list(type(telling.incidents[0].severity)).index)
    return Message(telling.kind, topic, _subject(telling), severity.value, items, now_us, workspace, telling.note)


def dump(message: Message) -> str:
    """Return a message as it is kept in the outbox; the picture is drawn anew when it is sent."""
    return json.dumps(asdict(replace(message, picture=None)), separators=(",", ":"))


def load(text: str) -> Message:
    """Return a message that was kept."""
    told: dict[str, Any] = json.loads(text)
    items = tuple(
        Item(**{**one, "lines": tuple((title, each) for title, each in one["lines"])}) for one in told["items"]
    )
    enclosures = tuple(Enclosure(**one) for one in told.get("enclosures", ()))
    return Message(**{**told, "kind": Kind(told["kind"]), "items": items, "enclosures": enclosures})


def lightened(text: str) -> str:
    """Return a message as it is kept once it needs to be sent no more: without its page and enclosures."""
    message = load(text)
    return dump(replace(message, page="", enclosures=())) if message.enclosures else text


def moment(at_us: int) -> str:
    """Return a time for a reader."""
    return datetime.fromtimestamp(at_us / _SECOND_US, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_WORDS = {
    Kind.TRIGGER: "",
    Kind.UPDATE: "update: ",
    Kind.REMINDER: "still open: ",
    Kind.ESCALATION: "nobody has taken this on: ",
    Kind.ACKNOWLEDGED: "taken on: ",
    Kind.RESOLVED: "resolved: ",
}


def _subject(telling: Dispatch) -> str:
    first, *others = telling.incidents
    more = f" (and {len(others)} more)" if others else ""
    return f"[{first.severity}] {_WORDS.get(telling.kind, '')}{headline(first)}{more}"


def headline(incident: Incident) -> str:
    """Return one line about an incident."""
    where = incident.checks[0] if incident.checks else ""
    others = f" and {incident.affected - 1} more" if incident.affected > 1 else ""
    return f"{where}{others}: {incident.lead.what}" if where else incident.lead.what


def _item(incident: Incident, settings: AlertSettings, now_us: int) -> Item:
    runbook = incident.labels.get("runbook", "")
    if runbook:
        runbook = f"{settings.links}{runbook}" if settings.links else f"scheduler/runbooks/{runbook}"
    return Item(
        incident=incident.id,
        headline=headline(incident),
        lines=tuple((title, text) for title, text in _lines(incident, settings, runbook, now_us) if text),
        phase=incident.phase.value,
        began_us=incident.began_us,
        ended_us=incident.ended_us,
        labels=dict(incident.labels),
        runbook=runbook,
        run=incident.lead.run,
    )


def _lines(incident: Incident, settings: AlertSettings, runbook: str, now_us: int) -> Sequence[tuple[str, str]]:
    lead = incident.lead
    since_us = lead.since_us or incident.began_us
    lasted_us = (incident.ended_us or now_us) - since_us
    amount = f"{lead.observed} instead of {lead.expected}" if lead.observed and lead.expected else lead.observed
    link = f" {settings.links}runs/{lead.run}" if settings.links and lead.run else ""
    return [
        ("step", lead.step),
        ("how much", amount),
        ("since", f"{moment(since_us)}, {_lasting(lasted_us)}"),
        ("until", moment(incident.ended_us) if incident.phase is Phase.RESOLVED and incident.ended_us else ""),
        ("affects", _affected(incident)),
        ("last release", lead.release),
        ("taken on by", incident.acknowledged_by),
        ("state", incident.phase.value if incident.phase is Phase.FLAPPING else ""),
        *(("reported meanwhile", one) for one in lead.errors),
        ("run", f"outrider show {lead.run}{link}" if lead.run else ""),
        *(("artifact", one) for one in lead.artifacts),
        ("runbook", runbook),
        ("incident", incident.id),
    ]


def _affected(incident: Incident) -> str:
    if incident.affected <= 1:
        return ""
    named = ", ".join(incident.checks[:_MOST_CHECKS])
    rest = len(incident.checks) - _MOST_CHECKS
    return f"{incident.affected} in all: {named}" + (f" and {rest} more checks" if rest > 0 else "")


def _lasting(us: int) -> str:
    return f"for {format_duration(float(max(us // _SECOND_US, 0)))}"
