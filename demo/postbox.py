"""A mail server for the tour: it keeps messages, and lets a caller wait for one."""

from __future__ import annotations

import email
import email.policy
import queue
import socket
import time
from typing import TYPE_CHECKING, Self

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from aiosmtpd.smtp import SMTP, Envelope, Session


class Postbox:
    """Takes every mail, on a free port of this machine, while the context lasts."""

    def __init__(self) -> None:
        self._mails: queue.SimpleQueue[EmailMessage] = queue.SimpleQueue()
        self._port = _free_port()
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


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
