"""E-mail by SMTP: text and a page with its pictures, and a Message-ID that stays the same.

The mails of one group form a thread, RFC 5322, 3.6.4: all answer the first, whose Message-ID each of them can make.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from zlib import crc32

from outrider.alerts.incident import Phase
from outrider.alerts.mail_page import mail_page
from outrider.alerts.notification_kind import FOR_PEOPLE, NotificationKind
from outrider.alerts.rendered_message import LIMIT_S, RecipientsRefused, Undelivered
from outrider.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.headerregistry import Address

    from outrider.alerts.message import Enclosure, Item, Message
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_TRANSIENT = 400  # RFC 5321, 4.2.1: 4yz is worth another try, 5yz is not
_PERMANENT = 500
_ASKING = frozenset(
    {NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REMINDER, NotificationKind.ESCALATION}
)
_TAKEN = frozenset({Phase.ACKNOWLEDGED.value, Phase.RESOLVED.value})
_HOST = re.compile(r"[^\s:@/<>()]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*|\[[^\s\]]+\]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox.

    Attributes:
        server: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the start.
        starttls: Whether to ask for TLS after connecting.
        has_links: Whether each recipient gets a link to acknowledge by, where pages can be reached.
        has_pictures: Whether trend and screenshot are in the mail.
    """

    server: str = field(repr=False)
    sender: str
    to: tuple[str, ...]
    starttls: bool = False
    has_links: bool = True
    has_pictures: bool = True
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
        pictures = rendered.pictures(rendered.message) if self.has_pictures and rendered.pictures else ()
        if not (self.has_links and rendered.acknowledge_link and _open_items(rendered.message)):
            return _sent_to(server, envelope(rendered, self.sender, self.to, pictures), recipients)
        refused: dict[str, tuple[int, bytes]] = {}
        for number, recipient in enumerate(recipients):
            mail = envelope(rendered, self.sender, self.to, pictures, reader=recipient)
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


def _links(rendered: RenderedMessage, reader: str) -> dict[str, str]:
    """Return by incident the address by which a reader acknowledges it."""
    make = rendered.acknowledge_link
    if make is None or not reader:
        return {}
    created_us = rendered.message.created_us
    return {
        item.incident: make(item.incident, reader, rendered.id, created_us) for item in _open_items(rendered.message)
    }


def _with_links(rendered: RenderedMessage, links: Mapping[str, str], reader: str) -> str:
    """Return the text of a mail for one reader, with the links by which they acknowledge its incidents."""
    lines = [f"\nTo acknowledge as {reader}, once and within a day:"]
    for item in rendered.message.items:
        if item.incident in links:
            name = f"{item.headline}\n  " if len(rendered.message.items) > 1 else ""
            lines.append(f"  {name}{links[item.incident]}")
    return "\n".join([rendered.body.rstrip("\n"), *lines]) + "\n"


def _refusal(refused: Mapping[str, tuple[int, bytes]], *, accepted: bool) -> RecipientsRefused:
    """Return the failure of recipients by their SMTP answers, RFC 5321, 4.2.1."""
    answers = {
        address: f"{code} {text.decode('utf-8', 'replace')}".strip() for address, (code, text) in refused.items()
    }
    why = "; ".join(f"the mail server refused {address}: {answer}" for address, answer in answers.items())
    temporary = [address for address, (code, _) in refused.items() if _TRANSIENT <= code < _PERMANENT]
    permanent = [address for address in refused if address not in temporary]
    return RecipientsRefused(why, temporary=temporary, permanent=permanent, accepted=accepted)


def envelope(
    rendered: RenderedMessage,
    sender: str,
    to: tuple[str, ...],
    pictures: tuple[Enclosure, ...] = (),
    *,
    reader: str = "",
) -> EmailMessage:
    """Return the mail; its Message-ID and those that it refers to are of the sender's own domain.

    Args:
        rendered: What it says.
        sender: From whom.
        to: Whom its header names.
        pictures: That its page shows.
        reader: The one recipient who gets links to acknowledge by; empty for none.
    """
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
    address = parseaddr(reader)[1]
    links = _links(rendered, address)
    mail.set_content(_with_links(rendered, links, address) if links else rendered.body)
    mail.add_alternative(message.page or mail_page(rendered, pictures, links, address), subtype="html")
    *_, page = mail.iter_parts()
    for enclosure in (*pictures, *message.enclosures):
        main, _, sub = enclosure.media_type.partition("/")
        if enclosure.cid:
            page.add_related(enclosure.content, main, sub, cid=f"<{enclosure.cid}>")
        else:
            mail.add_attachment(enclosure.content, main, sub, filename=enclosure.name)
    return mail


def read(options: Options) -> Mail:
    """Read `server`, `from`, `to`, and what may be left out."""
    return Mail(
        server=options.needed("server", '"smtp://localhost:25"', _check_server),
        sender=options.text("from", "outrider@localhost", _check_mailbox),
        to=options.texts("to", '["ops@shop.example"]', _check_mailbox),
        starttls=options.flag("starttls", default=False),
        has_links=options.flag("acknowledge_links", default=True),
        has_pictures=options.flag("pictures", default=True),
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
