"""It runs by itself: triggers, queue, leases and supervision."""

from outrider.scheduler.backup import Backup, make_backup, put_back
from outrider.scheduler.clock import SystemClock
from outrider.scheduler.dead_mans_switch import DeadMansSwitch
from outrider.scheduler.executors import Executor, FleetExecutor, Killable, TurnsExecutor
from outrider.scheduler.health import Health
from outrider.scheduler.leadership import holder_here, is_dead
from outrider.scheduler.result_pipeline import Listener, ResultPipeline
from outrider.scheduler.retrying_recorder import RetryingRecorder
from outrider.scheduler.scheduled_runtime import RuntimeFactory, ScheduledRuntime
from outrider.scheduler.service import Service
from outrider.scheduler.service_views import view_of
from outrider.scheduler.timetable import Cron, problems_of

__all__ = [
    "Backup",
    "Cron",
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
    "holder_here",
    "is_dead",
    "make_backup",
    "problems_of",
    "put_back",
    "view_of",
]  # fmt: skip
