"""Judge arrays: what a series is expected to be, and whether it still is."""

from outrider.baselines.comparison import Comparison, Verdict, compare
from outrider.baselines.history import ChangePoint, change_points, precede
from outrider.baselines.judge import replay, step
from outrider.baselines.settings import Direction, Settings
from outrider.baselines.state import Condition, Event, EventKind, Signal, State

__all__ = [
    "ChangePoint", "Comparison", "Condition", "Direction", "Event", "EventKind", "Settings", "Signal", "State",
    "Verdict", "change_points", "compare", "precede", "replay", "step",
]  # fmt: skip
