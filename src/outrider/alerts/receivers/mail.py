"""E-mail by SMTP: text and HTML, the trend's picture where there is one, and a Message-ID that stays the same.

The mails of one group form a thread, RFC 5322, 3.6.4: all answer the first, whose Message-ID each of them can make.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, parseaddr
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from zlib import crc32

from outrider.alerts.incident import Phase
from outrider.alerts.notification_kind import FOR_PEOPLE, NotificationKind
from outrider.alerts.rendered_message import LIMIT_S, RecipientsRefused, Undelivered
from outrider.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.headerregistry import Address

    from outrider.alerts.message import Item, Message
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_TRANSIENT = 400  # RFC 5321, 4.2.1: 4yz is worth another try, 5yz is not
_PERMANENT = 500
_ASKING = frozenset(
    {NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REMINDER, NotificationKind.ESCALATION}
)
_TAKEN = frozenset({Phase.ACKNOWLEDGED.value, Phase.RESOLVED.value})
_HOST = re.compile(r"[^\s:@/<>()]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*|\[[^\s\]]+\]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")
_TEXT_STYLE = "font:15px/1.5 system-ui,sans-serif;white-space:pre-wrap;overflow-wrap:anywhere"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox.

    Attributes:
        server: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the start.
        starttls: Whether to ask for TLS after connecting.
        has_links: Whether each recipient gets a link to acknowledge by, where pages can be reached.
    """

    server: str = field(repr=False)
    sender: str
    to: tuple[str, ...]
    starttls: bool = False
    has_links: bool = True
    kinds: frozenset[NotificationKind] = FOR_PEOPLE

    def deliver(self, rendered: RenderedMessage) -> None:
        """Send it; the server's acceptance of the whole message is the delivery."""
        recipients = rendered.message.only_to or self.to
        try:
            server = self._connected()
            try:
                refused, accepted = self._sent(server, rendered, recipients)
            finally:
                with suppress(OSError, smtplib.SMTPException):  # the mail is accepted or refused already
                    server.quit()
        except (OSError, smtplib.SMTPException) as error:
            raise _undelivered(error) from None
        if refused:
            raise _refusal(refused, accepted=accepted)

    def _sent(
        self, server: smtplib.SMTP, rendered: RenderedMessage, recipients: tuple[str, ...]
    ) -> tuple[dict[str, tuple[int, bytes]], bool]:
        """Return the recipients that were refused, and whether anybody accepted it."""
        if not (self.has_links and rendered.acknowledge_link and _open_items(rendered.message)):
            return _sent_to(server, envelope(rendered, self.sender, self.to), recipients)
        refused: dict[str, tuple[int, bytes]] = {}
        for number, recipient in enumerate(recipients):
            mail = envelope(_with_links(rendered, recipient), self.sender, self.to)
            try:
                refused |= _sent_to(server, mail, (recipient,))[0]
            except (OSError, smtplib.SMTPException) as error:
                if number == len(refused):  # nobody has it: all of it may be tried again
                    raise
                rest = recipients[number:]
                return refused | dict.fromkeys(rest, _answer(error)), True
        return refused, len(refused) < len(recipients)

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self.server)
        host = parts.hostname or ""
        if parts.scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=LIMIT_S, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=LIMIT_S)
        if self.starttls:
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server


def _sent_to(
    server: smtplib.SMTP, mail: EmailMessage, recipients: tuple[str, ...]
) -> tuple[dict[str, tuple[int, bytes]], bool]:
    try:
        return server.send_message(mail, to_addrs=recipients), True
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients, False


def _undelivered(error: OSError | smtplib.SMTPException) -> Undelivered:
    if not isinstance(error, smtplib.SMTPResponseException):
        return Undelivered(f"the mail server: {error}", recoverable=True)
    code, answer = _answer(error)
    recoverable = _TRANSIENT <= code < _PERMANENT
    return Undelivered(f"the mail server said {code} {answer.decode('utf-8', 'replace')}", recoverable=recoverable)


def _answer(error: OSError | smtplib.SMTPException) -> tuple[int, bytes]:
    """Return code and text of the server's answer; of a connection that broke, a temporary one."""
    if not isinstance(error, smtplib.SMTPResponseException):
        return _TRANSIENT, str(error).encode()
    answer = error.smtp_error
    return error.smtp_code, answer if isinstance(answer, bytes) else str(answer).encode()


def _open_items(message: Message) -> tuple[Item, ...]:
    """Return the incidents of a message that somebody may take on."""
    if message.kind not in _ASKING:
        return ()
    return tuple(item for item in message.items if item.incident_url and item.phase not in _TAKEN)


def _with_links(rendered: RenderedMessage, recipient: str) -> RenderedMessage:
    """Return a message for one recipient, with the links by which they acknowledge its incidents."""
    message, make = rendered.message, rendered.acknowledge_link
    assert make is not None
    address = parseaddr(recipient)[1]
    lines = [f"\nTo acknowledge as {address}, once and within a day:"]
    for item in _open_items(message):
        name = f"{item.headline}\n  " if len(message.items) > 1 else ""
        lines.append(f"  {name}{make(item.incident, address, rendered.id, message.created_us)}")
    return replace(rendered, body="\n".join([rendered.body.rstrip("\n"), *lines]) + "\n")


def _refusal(refused: Mapping[str, tuple[int, bytes]], *, accepted: bool) -> RecipientsRefused:
    """Return the failure of recipients by their SMTP answers, RFC 5321, 4.2.1."""
    answers = {
        address: f"{code} {text.decode('utf-8', 'replace')}".strip() for address, (code, text) in refused.items()
    }
    why = "; ".join(f"the mail server refused {address}: {answer}" for address, answer in answers.items())
    temporary = [address for address, (code, _) in refused.items() if _TRANSIENT <= code < _PERMANENT]
    permanent = [address for address in refused if address not in temporary]
    return RecipientsRefused(why, temporary=temporary, permanent=permanent, accepted=accepted)


def envelope(rendered: RenderedMessage, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the mail; its Message-ID and those that it refers to are of the sender's own domain."""
    message = rendered.message
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    root = f"<{message.thread or message.topic}.{crc32(','.join(to).encode()):08x}@{domain}>"
    is_root = message.thread and message.kind is NotificationKind.TRIGGER
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = " ".join(rendered.subject.split())
    mail["Date"] = formatdate(message.created_us / 1_000_000)
    mail["Message-ID"] = root if is_root else f"<{rendered.id}@{domain}>"
    if not is_root:
        mail["In-Reply-To"] = mail["References"] = root
    mail["X-Outrider-Topic"] = message.topic
    mail["X-Outrider-Kind"] = message.kind.value
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.body)
    mail.add_alternative(message.page or _html(rendered.body, message), subtype="html")
    *_, page = mail.iter_parts()
    if message.picture is not None:
        page.add_related(message.picture, "image", "png", cid="<trend@outrider.invalid>")
    for enclosure in message.enclosures:
        main, _, sub = enclosure.media_type.partition("/")
        if enclosure.cid:
            page.add_related(enclosure.content, main, sub, cid=f"<{enclosure.cid}>")
        else:
            mail.add_attachment(enclosure.content, main, sub, filename=enclosure.name)
    return mail


def _html(body: str, message: Message) -> str:
    """Return the text as a page: its lines wrap on a phone, and follow the reader's light or dark mode."""
    image = '<img src="cid:trend@outrider.invalid" alt="the trend" style="max-width:100%">'
    picture = f"<p>{image}</p>" if message.picture is not None else ""
    head = '<meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    text = f'<pre style="{_TEXT_STYLE}">{_linked(body)}</pre>'
    return f"<!doctype html><html><head>{head}</head><body>{text}{picture}</body></html>"


def _linked(text: str) -> str:
    """Return a text as HTML in which addresses can be followed."""
    parts, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def read(options: Options) -> Mail:
    """Read `server`, `from`, `to` and `starttls`."""
    return Mail(
        server=options.needed("server", '"smtp://localhost:25"', _check_server),
        sender=options.text("from", "outrider@localhost", _check_mailbox),
        to=options.texts("to", '["ops@shop.example"]', _check_mailbox),
        starttls=options.flag("starttls", default=False),
        has_links=options.flag("acknowledge_links", default=True),
    )


def _check_server(text: str) -> None:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"smtp", "smtps"} and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:  # of a port that is no number, or brackets around no address
        usable = False
    if not usable:
        raise Refused("is not a mail server", 'write "smtp://host:port" or "smtps://host:port"', "bad-url")


def _check_mailbox(text: str) -> None:
    """Accept one address of mail, with or without a name before it, as the header that it goes into is read."""
    mailboxes = _mailboxes(text)
    if len(mailboxes) != 1 or not (mailboxes[0].username and _HOST.fullmatch(mailboxes[0].domain)):
        fix = 'write "ops@shop.example", or "Operations <ops@shop.example>"'
        raise Refused(f'holds "{text}", which is not a mail address', fix, "bad-address")


def _mailboxes(text: str) -> tuple[Address, ...]:
    if not text.isprintable():
        return ()
    try:
        header: Any = default.header_factory("To", text)  # typeshed does not say that it is an AddressHeader
    except Exception:  # of texts that are far from an address, the parser lets errors of six kinds through
        return ()
    is_broken = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    return () if is_broken else tuple(header.addresses)
