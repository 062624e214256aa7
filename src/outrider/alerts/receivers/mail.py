"""E-mail by SMTP: text and HTML, the trend's picture where there is one, and a Message-ID that stays the same."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError, InvalidHeaderDefect
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from outrider.alerts.letter import LIMIT_S, Undelivered
from outrider.alerts.notification_kind import FOR_PEOPLE
from outrider.workspace import Refused

if TYPE_CHECKING:
    from email.headerregistry import Address

    from outrider.alerts.letter import Letter
    from outrider.alerts.message import Message
    from outrider.alerts.notification_kind import NotificationKind
    from outrider.alerts.receivers.options import Options

_TRANSIENT = 400  # RFC 5321, 4.2.1: 4yz is worth another try, 5yz is not
_PERMANENT = 500
_HOST = re.compile(r"[^\s:@/<>()]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*|\[[^\s\]]+\]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox.

    Attributes:
        server: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the start.
        starttls: Whether to ask for TLS after connecting.
    """

    server: str = field(repr=False)
    sender: str
    to: tuple[str, ...]
    starttls: bool = False
    kinds: frozenset[NotificationKind] = FOR_PEOPLE

    def deliver(self, letter: Letter) -> None:
        """Send it; the server's yes to the whole message is the delivery."""
        mail = envelope(letter, self.sender, self.to)
        try:
            server = self._connected()
            try:
                server.send_message(mail)
            finally:
                with suppress(OSError, smtplib.SMTPException):  # it has said yes or no already
                    server.quit()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise Undelivered(f"no recipient was taken ({codes[0]})", recoverable=max(codes) < _PERMANENT) from None
        except smtplib.SMTPResponseException as error:
            answer = error.smtp_error
            answer = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
            recoverable = _TRANSIENT <= error.smtp_code < _PERMANENT
            raise Undelivered(f"the mail server said {error.smtp_code} {answer}", recoverable=recoverable) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"the mail server: {error}", recoverable=True) from None

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


def envelope(letter: Letter, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the mail; answers to one topic form a thread."""
    message = letter.message
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = formatdate(message.created_us / 1_000_000)
    mail["Message-ID"] = f"<{letter.id}@outrider.invalid>"
    mail["References"] = f"<{message.topic}@outrider.invalid>"
    mail["X-Outrider-Topic"] = message.topic
    mail["X-Outrider-Kind"] = message.kind.value
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body)
    mail.add_alternative(message.page or _html(letter.body, message), subtype="html")
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
    picture = '<p><img src="cid:trend@outrider.invalid" alt="the trend"></p>' if message.picture is not None else ""
    return f'<!doctype html><html><body><pre style="font-family:inherit">{escape(body)}</pre>{picture}</body></html>'


def read(options: Options) -> Mail:
    """Read `server`, `from`, `to` and `starttls`."""
    return Mail(
        server=options.needed("server", '"smtp://localhost:25"', _check_server),
        sender=options.text("from", "outrider@localhost", _check_mailbox),
        to=options.texts("to", '["ops@shop.example"]', _check_mailbox),
        starttls=options.flag("starttls", default=False),
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
        raise Refused(f'holds "{text}", which is no address of mail', fix, "bad-address")


def _mailboxes(text: str) -> tuple[Address, ...]:
    if not text.isprintable():
        return ()
    try:
        header: Any = default.header_factory("To", text)  # typeshed does not say that it is an AddressHeader
    except (ValueError, IndexError, HeaderParseError):  # the parser's own, of texts that are far from an address
        return ()
    is_broken = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    return () if is_broken else tuple(header.addresses)
