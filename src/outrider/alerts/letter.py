"""A message rendered for one receiver, the protocol of receivers, and the failure that they raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.alerts.message import Message
    from outrider.alerts.notification_kind import NotificationKind

LIMIT_S = 10.0
"""How long a channel may take over one notification."""


class Undelivered(Exception):
    """A notification did not get through.

    Args:
        why: One line for a reader, without secrets.
        recoverable: Whether trying again can help.
        retry_after_s: When the channel itself wants to be asked again; None if it did not say.
    """

    def __init__(self, why: str, *, recoverable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.recoverable = recoverable
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way to one receiver.

    Attributes:
        id: Of the row in the outbox: the same each time it is tried.
        subject: As the receiver's template has it.
        body: Likewise, plain text.
    """

    id: str
    subject: str
    body: str
    message: Message


class Receiver(Protocol):
    """A channel; it says itself whether a failure is recoverable.

    `deliver` returns within about `LIMIT_S` once the receiver has said yes, and is used by one thread at a time.
    """

    @property
    def kinds(self) -> frozenset[NotificationKind]:
        """What it wants to be told; other notifications are passed over."""
        ...

    def deliver(self, letter: Letter) -> None:
        """Hand a letter over.

        Raises:
            Undelivered: If the receiver did not take it.
        """
        ...
