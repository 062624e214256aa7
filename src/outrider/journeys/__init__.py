"""Runs what stands in `journeys/`: ordinary pytest-playwright tests, measured without distortion.

Neither pytest nor Playwright is imported with it: pages and probes use this room, too.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from outrider.journeys.browser import Browser, BrowserSettings, find_browser, provide_browser
from outrider.journeys.browser_server import BrowserServer
from outrider.journeys.codegen import codegen, confidential_lines, named_test
from outrider.journeys.display import HEADED_VARIABLE, require_display
from outrider.journeys.faults import Fault
from outrider.journeys.har import parse_har
from outrider.journeys.inspector import debug
from outrider.journeys.journey_measure import JourneyMeasure
from outrider.journeys.machine_environment import DECLARED_VARIABLE
from outrider.journeys.missing_secrets import MISSING_VARIABLE
from outrider.journeys.named_steps import NamedStep, StepLog
from outrider.journeys.picture_times import PictureTimes
from outrider.journeys.processes import VARIABLE as OWNER
from outrider.journeys.processes import claim_folder, reap_orphans
from outrider.journeys.session_states import Sessions
from outrider.journeys.shim import environment as browser_environment
from outrider.journeys.trace_viewer import trace_viewer_folder
from outrider.journeys.worker_messages import CollectedTest, Collection
from outrider.journeys.worker_process import WorkerError
from outrider.journeys.workers import WorkerConfig, Workers
from outrider.journeys.written_tests import WrittenTest, written_tests

if TYPE_CHECKING:
    from outrider.journeys.step_listener import STEP_LISTENER

__all__ = [
    "DECLARED_VARIABLE",
    "HEADED_VARIABLE",
    "MISSING_VARIABLE",
    "OWNER",
    "STEP_LISTENER",
    "Browser",
    "BrowserServer",
    "BrowserSettings",
    "CollectedTest",
    "Collection",
    "Fault",
    "JourneyMeasure",
    "NamedStep",
    "PictureTimes",
    "Sessions",
    "StepLog",
    "WorkerConfig",
    "WorkerError",
    "Workers",
    "WrittenTest",
    "browser_environment",
    "claim_folder",
    "codegen",
    "confidential_lines",
    "debug",
    "find_browser",
    "named_test",
    "parse_har",
    "provide_browser",
    "reap_orphans",
    "require_display",
    "trace_viewer_folder",
    "written_tests",
]


def __getattr__(name: str) -> object:
    """Import the name whose module needs pytest when it is used (PEP 562)."""
    if name != "STEP_LISTENER":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return import_module("outrider.journeys.step_listener").STEP_LISTENER
