"""It runs by itself: triggers, queue, leases and supervision."""

from outrider.scheduler.backup import make_backup, put_back
from outrider.scheduler.clock import SystemClock
from outrider.scheduler.executors import Executor, FleetExecutor, Killable, TurnsExecutor
from outrider.scheduler.health import Health
from outrider.scheduler.leading import holder_here, is_dead
from outrider.scheduler.outside import AliveCalls
from outrider.scheduler.patience import PatientRecorder
from outrider.scheduler.service import Service
from outrider.scheduler.timetable import Cron, problems_of
from outrider.scheduler.verdicts import Listener, Verdicts
from outrider.scheduler.viewing import view_of
from outrider.scheduler.works import Maker, Works

__all__ = [
    "AliveCalls", "Cron", "Executor", "FleetExecutor", "Health", "Killable", "Listener", "Maker", "PatientRecorder",
    "Service", "SystemClock", "TurnsExecutor", "Verdicts", "Works", "holder_here", "is_dead", "make_backup",
    "problems_of", "put_back", "view_of",
]  # fmt: skip
