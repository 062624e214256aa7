"""What errors have in common, and what becomes of their issues; values to values, no I/O."""

from outrider.errors.group_key import VERSION, earlier_keys, group, title_of_event
from outrider.errors.issue_search import OPEN_STATES, issue_query
from outrider.errors.life import (
    RECENT_US,
    EventMoment,
    Tally,
    arrived,
    counted,
    current,
    ignored,
    is_later,
    reopened,
    resolved,
)
from outrider.errors.message_form import message_form
from outrider.errors.rule_match import owner_of

__all__ = [
    "OPEN_STATES",
    "RECENT_US",
    "VERSION",
    "EventMoment",
    "Tally",
    "arrived",
    "counted",
    "current",
    "earlier_keys",
    "group",
    "ignored",
    "is_later",
    "issue_query",
    "message_form",
    "owner_of",
    "reopened",
    "resolved",
    "title_of_event",
]
