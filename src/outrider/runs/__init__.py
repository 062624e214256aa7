"""One run, from lease to verdict."""

from outrider.runs.attempts import Plan, next_attempt, verdict
from outrider.runs.execution import Listener, Recorder, Runner

__all__ = ["Listener", "Plan", "Recorder", "Runner", "next_attempt", "verdict"]
