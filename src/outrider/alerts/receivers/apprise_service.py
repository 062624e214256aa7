"""The many services that Apprise delivers to: Slack, Teams Workflows, Telegram, ntfy, and whatever its URLs name."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from outrider.alerts.guarded_connections import guarded_connections
from outrider.alerts.notification_kind import FOR_PEOPLE
from outrider.alerts.rendered_message import Undelivered, cut
from outrider.workspace import Refused

if TYPE_CHECKING:
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.notification_kind import NotificationKind
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_OURS: Final = {"json", "jsons", "xml", "xmls", "form", "forms"}
_TYPES: Final = {"critical": "failure", "warning": "warning", "info": "info"}
_MOST_CHARACTERS: Final = 20_000  # Teams Workflows takes 28 KB with everything around the text


@dataclass(frozen=True, slots=True)
class Service:
    """A service by its Apprise URL; Apprise does not report whether a failure is recoverable, so each is retried."""

    url: str = field(repr=False)
    guard: Guard
    kinds: frozenset[NotificationKind] = FOR_PEOPLE

    def deliver(self, rendered: RenderedMessage) -> None:
        """Send it."""
        warnings_logged: list[str] = []
        handler = _Listening(warnings_logged)
        log = logging.getLogger("apprise")
        sender = _sender(self.url)
        if sender is None:
            raise Undelivered("Apprise does not know this address any more", recoverable=False)
        kind = "success" if rendered.message.is_over else _TYPES.get(rendered.message.severity, "info")
        log.addHandler(handler)
        try:
            with guarded_connections(self.guard) as refusals:
                body = cut(_body(rendered), _MOST_CHARACTERS)
                taken = sender.notify(body=body, title=rendered.subject, notify_type=kind)
        finally:
            log.removeHandler(handler)
        if not taken and refusals:
            raise refusals[-1]
        if not taken:
            scheme = urlsplit(self.url).scheme
            why = warnings_logged[-1] if warnings_logged else "it did not take the message"
            raise Undelivered(f"{scheme}: {why}", recoverable=True)


def _body(rendered: RenderedMessage) -> str:
    """Return what stands below the subject; templates of the receiver are kept as they are."""
    message = rendered.message
    is_plain = (rendered.subject, rendered.body) == (message.subject, message.text)
    return message.details if is_plain else rendered.body


class _Listening(logging.Handler):
    """Collects the warnings of Apprise, which give its reasons."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(cut(record.getMessage(), 200))


def read(options: Options) -> Service:
    """Read `url`."""
    return Service(options.needed("url", '"ntfy://ntfy.example/outrider"', _check), options.guard)


def _check(url: str) -> None:
    if urlsplit(url).scheme in _OURS:
        raise Refused("is a webhook", 'use kind = "webhook", which is signed and guarded', "out-of-range")
    if _sender(url) is None:
        fix = "see the address of your service at github.com/caronc/apprise/wiki"
        raise Refused("is not an address that Apprise knows", fix, "bad-url")


def _sender(url: str) -> Any:
    """Return what sends to a service; None if Apprise knows no such address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Apprise tries modules that Python is about to drop
        import apprise  # noqa: PLC0415 - dear to import, and many workspaces send mail only

        sender = apprise.Apprise()
        return sender if sender.add(url) else None
