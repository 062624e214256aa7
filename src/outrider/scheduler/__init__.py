"""Scheduling: triggers, queue, leases and supervision."""

from outrider.scheduler.clock import SystemClock
from outrider.scheduler.dead_mans_switch import DeadMansSwitch
from outrider.scheduler.executor import Executor, Work
from outrider.scheduler.fleet_executor import FleetExecutor
from outrider.scheduler.health import Health
from outrider.scheduler.killable import Killable
from outrider.scheduler.leadership import holder_here, is_dead
from outrider.scheduler.maintenance_windows import Windows, window_problems
from outrider.scheduler.result_pipeline import Listener, ResultPipeline
from outrider.scheduler.retrying_recorder import RetryingRecorder
from outrider.scheduler.scheduled_runtime import RuntimeFactory, ScheduledRuntime
from outrider.scheduler.service import Service
from outrider.scheduler.service_snapshot import view_of
from outrider.scheduler.timetable import problems_of
from outrider.scheduler.turns_executor import TurnsExecutor

__all__ = [
    "DeadMansSwitch",
    "Executor",
    "FleetExecutor",
    "Health",
    "Killable",
    "Listener",
    "ResultPipeline",
    "RetryingRecorder",
    "RuntimeFactory",
    "ScheduledRuntime",
    "Service",
    "SystemClock",
    "TurnsExecutor",
    "Windows",
    "Work",
    "holder_here",
    "is_dead",
    "problems_of",
    "view_of",
    "window_problems",
]
