"""A mail server for the tour and tutorials: it keeps messages, and lets a caller wait for one.

`python -m demo.postbox` prints each mail as it comes, until it is stopped.
"""

from __future__ import annotations

import email
import email.policy
import queue
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from aiosmtpd.smtp import SMTP, Envelope, Session

_PORT = 2525
_DAY_S = 86_400.0


class Postbox:
    """Takes every mail, on a port of this machine, while the context lasts; on a free one if none is named."""

    def __init__(self, port: int = 0) -> None:
        self._mails: queue.SimpleQueue[EmailMessage] = queue.SimpleQueue()
        self._port = port or _free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"smtp://127.0.0.1:{self._port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - its protocol
        """Take a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._mails.put(email.message_from_bytes(content, policy=email.policy.default))
        return "250 taken"

    def wait(self, word: str, timeout_s: float) -> EmailMessage | None:
        """Return the next mail whose subject has a word in it; None if none comes in time."""
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                mail = self._mails.get(timeout=left_s)
            except queue.Empty:
                return None
            if word in str(mail["Subject"]):
                return mail
        return None


def readable(mail: EmailMessage) -> str:
    """Return what readers of plain text see of a mail."""
    body = mail.get_body(("plain",))
    return f"Subject: {str(mail['Subject']).strip()}\n\n{body.get_content() if body else ''}"


def main() -> None:
    """Print every mail that is sent to port 2525, or the one that is named, until stopped."""
    with Postbox(int(sys.argv[1]) if sys.argv[1:] else _PORT) as postbox, suppress(KeyboardInterrupt):
        print(f"takes mail at {postbox.url}", flush=True)
        while True:
            if mail := postbox.wait("", _DAY_S):
                print(readable(mail), flush=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
