"""Judge arrays: what a series is expected to be, and whether it still is."""

from outrider.baselines.alert_budget import false_alerts_a_week, months_per_series
from outrider.baselines.alert_log import JudgedAlert, judged_alerts
from outrider.baselines.batch_judge import BatchJudge, Moves, Period
from outrider.baselines.calibration import Calibration, calibrate, chance_of_as_many, sensitivities
from outrider.baselines.checkpoint import dump, load
from outrider.baselines.comparison import Comparison, Verdict, compare
from outrider.baselines.deviation import Quantity
from outrider.baselines.error_budget import Budget, BurnRule, error_budget
from outrider.baselines.error_share import excesses, is_excess
from outrider.baselines.exhaustion import FEWEST_WEEKS, Exhaustion, weeks_to_capacity
from outrider.baselines.expected_band import expected_band
from outrider.baselines.explanation import explain
from outrider.baselines.false_fail_rate import false_fail_rate
from outrider.baselines.forecast import Breach, days_to_breach
from outrider.baselines.history import ChangePoint, change_points, precede
from outrider.baselines.judge import advance, apply, replay, step
from outrider.baselines.judge_settings import Direction, Scale, Settings
from outrider.baselines.knee import Knee, find_knee, is_saturated
from outrider.baselines.lasting_change import LEAST_SHARE, LastingChange, is_same_level, lasting_changes
from outrider.baselines.location import MAD_TO_SIGMA, group_medians
from outrider.baselines.mean_difference import (
    LEAST_ROWS,
    MeanDifference,
    chosen_interval,
    mean_difference,
    typical_rows,
)
from outrider.baselines.proportions import ERROR_LEVEL, compare_errors, proportion_interval
from outrider.baselines.quantiles import Quantile, quantile_of
from outrider.baselines.rates import RateSignal, RateState, replay_rates, step_rate
from outrider.baselines.resource_limit import FEWEST_LOADED_LEVELS, ResourceLimit, resource_limits
from outrider.baselines.robust_deviation import robust_deviations
from outrider.baselines.sequential import FAMILY_LEVEL, Plan, correct, judge_so_far, nominal_levels, run_plan
from outrider.baselines.series import FloatArray
from outrider.baselines.state import Condition, Episode, Event, EventKind, Signal, State
from outrider.baselines.statistics import Part

__all__ = [
    "ERROR_LEVEL",
    "FAMILY_LEVEL",
    "FEWEST_LOADED_LEVELS",
    "FEWEST_WEEKS",
    "LEAST_ROWS",
    "LEAST_SHARE",
    "MAD_TO_SIGMA",
    "BatchJudge",
    "Breach",
    "Budget",
    "BurnRule",
    "Calibration",
    "ChangePoint",
    "Comparison",
    "Condition",
    "Direction",
    "Episode",
    "Event",
    "EventKind",
    "Exhaustion",
    "FloatArray",
    "JudgedAlert",
    "Knee",
    "LastingChange",
    "MeanDifference",
    "Moves",
    "Part",
    "Period",
    "Plan",
    "Quantile",
    "Quantity",
    "RateSignal",
    "RateState",
    "ResourceLimit",
    "Scale",
    "Settings",
    "Signal",
    "State",
    "Verdict",
    "advance",
    "apply",
    "calibrate",
    "chance_of_as_many",
    "change_points",
    "chosen_interval",
    "compare",
    "compare_errors",
    "correct",
    "days_to_breach",
    "dump",
    "error_budget",
    "excesses",
    "expected_band",
    "explain",
    "false_alerts_a_week",
    "false_fail_rate",
    "find_knee",
    "group_medians",
    "is_excess",
    "is_same_level",
    "is_saturated",
    "judge_so_far",
    "judged_alerts",
    "lasting_changes",
    "load",
    "mean_difference",
    "months_per_series",
    "nominal_levels",
    "precede",
    "proportion_interval",
    "quantile_of",
    "replay",
    "replay_rates",
    "resource_limits",
    "robust_deviations",
    "run_plan",
    "sensitivities",
    "step",
    "step_rate",
    "typical_rows",
    "weeks_to_capacity",
]
