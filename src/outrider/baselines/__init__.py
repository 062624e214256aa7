"""Judge arrays: what a series is expected to be, and whether it still is."""

from outrider.baselines.comparison import Comparison, Verdict, compare
from outrider.baselines.history import ChangePoint, change_points, precede

__all__ = ["ChangePoint", "Comparison", "Verdict", "change_points", "compare", "precede"]
