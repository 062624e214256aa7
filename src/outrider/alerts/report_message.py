"""Messages of reports: the same outbox, receivers and retries as for alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.message import Message, dump, load
from outrider.alerts.notification_kind import NotificationKind
from outrider.model import Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts.message import Enclosure


def report_rows(message: Message, receivers: Sequence[str], now_us: int) -> list[Notification]:
    """Return the rows of the outbox that bring a report to receivers; the same topic makes the same rows."""
    assert message.kind is NotificationKind.REPORT
    kept = dump(message)
    return [
        Notification(f"{message.topic}-{receiver}", receiver, message.topic, message.kind.value, now_us, now_us, kept)
        for receiver in receivers
    ]


def message_checks(row: Notification) -> tuple[str, ...]:
    """Return the checks in a row of the outbox, each once: of an incident of several checks, the first."""
    items = load(row.message).items
    labelled = (item.labels.get("check") or item.opening_labels.get("check", "") for item in items)
    return tuple(dict.fromkeys(check for check in labelled if check))


def message_incidents(row: Notification) -> tuple[str, ...]:
    """Return the ids of the incidents that a row of the outbox is about; those that its lines lead to are none."""
    return tuple(item.incident for item in load(row.message).items)


def report_message(
    topic: str, subject: str, text: str, *, page: str, enclosures: Sequence[Enclosure], at_us: int
) -> Message:
    """Return the message that carries a report.

    Args:
        text: What a reader of plain text sees.
        page: What a reader of HTML sees.
        at_us: When the report was due, microseconds UTC.
    """
    return Message(
        NotificationKind.REPORT, topic, subject, "info", (), at_us, note=text, page=page, enclosures=tuple(enclosures)
    )
