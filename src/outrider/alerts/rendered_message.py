"""A message rendered for one receiver, the protocol of receivers, and the failure that they raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts.message import Enclosure, Message
    from outrider.alerts.notification_kind import NotificationKind


class LinkMaker(Protocol):
    """Makes links by which people acknowledge."""

    def __call__(self, incident: str, recipient: str, notification: str, created_us: int) -> str:
        """Return the address by which a recipient of a notification acknowledges an incident within a day."""
        ...


class PictureMaker(Protocol):
    """Draws the pictures of a message, each with the `cid` by which a page shows it."""

    def __call__(self, message: Message, /) -> tuple[Enclosure, ...]:
        """Return them; none where nothing was measured."""
        ...


LIMIT_S = 10.0
"""Seconds that a receiver may take over one notification."""


def cut(text: str, most_characters: int) -> str:
    """Return a text that a receiver takes, with its length where it is cut."""
    mark = f"… [cut: {len(text)} characters]"
    return text if len(text) <= most_characters else text[: most_characters - len(mark)] + mark


class Undelivered(Exception):
    """A notification was not accepted.

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


class RecipientsRefused(Undelivered):
    """A receiver accepted a notification for some of its recipients, or for none.

    Args:
        why: One line for a reader: who was refused, and why.
        temporary: Recipients for whom trying again can help.
        permanent: Recipients for whom it cannot.
        accepted: Whether anybody got it.
    """

    def __init__(self, why: str, *, temporary: Sequence[str], permanent: Sequence[str], accepted: bool) -> None:
        super().__init__(why, recoverable=not permanent)
        self.temporary = tuple(temporary)
        self.permanent = tuple(permanent)
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message rendered for one receiver.

    Attributes:
        id: Of the row in the outbox: the same each time it is tried.
        subject: As the receiver's template has it.
        body: Likewise, plain text.
        acknowledge_link: Returns the address by which a recipient acknowledges one of its incidents; None for none.
        pictures: Draws trend and screenshot, for receivers that show them; None for none.
    """

    id: str
    subject: str
    body: str
    message: Message
    acknowledge_link: LinkMaker | None = None
    pictures: PictureMaker | None = None


class Receiver(Protocol):
    """What delivers to people or programs; it decides whether a failure is recoverable.

    `deliver` returns within about `LIMIT_S` once the receiver has accepted, and is used by one thread at a time.
    """

    @property
    def kinds(self) -> frozenset[NotificationKind]:
        """The kinds of notifications that it takes; others are passed over."""
        ...

    def deliver(self, rendered: RenderedMessage) -> None:
        """Deliver a message.

        Raises:
            Undelivered: If the receiver did not take it.
        """
        ...
