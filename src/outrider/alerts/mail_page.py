"""An alert as the page of a mail: what happened, where to act, pictures, and the facts. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from outrider.alerts.notification_kind import NotificationKind
from outrider.charts import mail_style
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from outrider.alerts.message import Enclosure, Item, Message
    from outrider.alerts.rendered_message import RenderedMessage

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")
_WEB = ("http://", "https://")
_PREVIEW_CHARACTERS = 160
_TEST_ERROR = "test: "
"""What the journey itself raised, of which a subject has the reason already."""
_PREVIEWED = (
    "where the time went", "new error", "failed span", "reported meanwhile", "ended", "step", "affects", "address",
    "how much", "last release",
)  # fmt: skip
"""Lines that a phone shows below a subject, which has the rest, the most telling first."""

_COLOURS = {"critical": "bad", "warning": "warn"}
_STATES = {
    NotificationKind.RESOLVED: "resolved",
    NotificationKind.SUPPRESSED: "held back",
    NotificationKind.TEST: "test",
}
_STILL = {
    NotificationKind.UPDATE: ", update",
    NotificationKind.REMINDER: ", still open",
    NotificationKind.ESCALATION: ", escalated",
}


@dataclass(frozen=True, slots=True)
class _ItemView:
    """One incident: its buttons and rows are a name and an address, or a title, a text and its page, each."""

    heading: str
    lead: str
    buttons: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, str], ...]


def mail_page(
    rendered: RenderedMessage, pictures: Sequence[Enclosure], links: Mapping[str, str], reader: str = ""
) -> str:
    """Return a message as a page that needs no network; what a receiver's own template makes is shown as that text.

    Args:
        rendered: As the receiver gets it.
        pictures: That it shows by their `cid`.
        links: By incident: the address by which `reader` acknowledges it.
        reader: Empty if there are no such links.
    """
    message = rendered.message
    items = [_item(item, links.get(item.incident, "")) for item in message.items]
    is_alert = bool(items) and not message.is_over
    return (
        _environment()
        .get_template("mail.html")
        .render(
            message=message,
            items=items,
            heading=_heading(message),
            preview=preview(message),
            pictures=pictures,
            own_text="" if rendered.body == message.text else rendered.body,
            reader=reader if links else "",
            style=_style(),
            colour="good" if message.is_over else _COLOURS.get(message.severity, "") if is_alert else "",
            state=_STATES.get(message.kind, message.severity + _STILL.get(message.kind, "")),
        )
    )


def preview(message: Message) -> str:
    """Return what a phone shows below the subject, without repeating it."""
    if not message.items:
        return _cut(message.note.strip(), _PREVIEW_CHARACTERS)
    lines_by_worth = sorted(message.items[0].lines, key=lambda line: line[1].startswith(_TEST_ERROR))
    lines = dict(reversed(lines_by_worth))
    parts = [f"{title}: {lines[title]}" for title in _PREVIEWED if title in lines]
    facts = [_lead(lines), *parts] if message.is_over else [*parts, _lead(lines)]
    return _cut(" · ".join(filter(None, [message.note, *facts])), _PREVIEW_CHARACTERS)


def _heading(message: Message) -> str:
    if len(message.items) == 1 and message.is_over:
        sentence = message.subject.removeprefix(f"[{message.workspace}] ")
        return f"{sentence[:1].upper()}{sentence[1:]}"
    if len(message.items) == 1:
        return message.items[0].headline
    return counted(len(message.items), "incident") if message.items else message.subject


def _item(item: Item, link: str) -> _ItemView:
    pages = (
        ("Open the incident", item.incident_url),
        ("Acknowledge", link),
        ("Open the run", item.run_url),
        ("Open the runbook", item.runbook),
    )
    buttons = tuple((name, address) for name, address in pages if address.startswith(_WEB))
    shown = {"since", "until", "workspace"} | {name.split()[-1] for name, _ in buttons}
    rows = [(title, *_parted(text, item.incident_url)) for title, text in item.lines if title not in shown]
    rows.sort(key=lambda row: not row[2])  # what explains it before what is known of it
    return _ItemView(item.headline, _lead(dict(reversed(item.lines))), buttons, tuple(rows))


def _parted(text: str, incident_url: str) -> tuple[str, str]:
    """Return a line without the page of ours at its end, and that page: a phone has no room for addresses."""
    line, _, address = text.rpartition(" ")
    pages = incident_url.rpartition("/incidents/")[0]
    return (line, address) if line and pages and address.startswith(f"{pages}/") else (text, "")


def _lead(lines: Mapping[str, str]) -> str:
    until = f", until {lines['until']}" if "until" in lines else ""
    return f"Since {lines['since']}{until}." if "since" in lines else ""


def _cut(text: str, most_characters: int) -> str:
    return text if len(text) <= most_characters else f"{text[: most_characters - 1]}…"


def _linked(text: str) -> Markup:
    """Return a text as HTML in which addresses can be followed."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    parts, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return Markup("".join([*parts, escape(text[end:])]))  # noqa: S704 - each part is escaped above


def _style() -> Markup:
    from markupsafe import Markup  # noqa: PLC0415 - as above

    return Markup(mail_style())  # noqa: S704 - ours


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only where there are mails

    environment = Environment(
        loader=PackageLoader("outrider.alerts"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["linked"] = _linked
    return environment
