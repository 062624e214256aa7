"""What a notification is for, and which purposes people and programs are notified of."""

from __future__ import annotations

from enum import StrEnum


class NotificationKind(StrEnum):
    """What a notification is for."""

    TRIGGER = "trigger"
    UPDATE = "update"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"  # how many were held back by a receiver's cap
    TEST = "test"
    REPORT = "report"  # what happened in a week or a day, for people who decide


FOR_PEOPLE = frozenset(set(NotificationKind) - {NotificationKind.ACKNOWLEDGED})
"""Sent to people, who are not notified of acknowledgements."""

FOR_MACHINES = frozenset(
    {
        NotificationKind.TRIGGER,
        NotificationKind.UPDATE,
        NotificationKind.REMINDER,
        NotificationKind.ESCALATION,
        NotificationKind.RESOLVED,
        NotificationKind.TEST,
    }
)
"""Sent to programs that keep alerts of their own."""
