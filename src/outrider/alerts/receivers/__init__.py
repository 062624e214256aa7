"""Channels: a module each, and the table of their kinds."""

from outrider.alerts.receivers.kinds import KINDS
from outrider.alerts.receivers.options import Options
from outrider.alerts.receivers.receiver import Letter, Receiver, Undelivered

__all__ = ["KINDS", "Letter", "Options", "Receiver", "Undelivered"]
