"""Receivers: a module each, and the table of their kinds."""

from outrider.alerts.receivers.options import Options
from outrider.alerts.receivers.receiver_registry import KINDS

__all__ = ["KINDS", "Options"]
