"""The processes of `outrider up`: a line each. A further one is a module with `serve`, and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What `outrider up` was asked for.

    Attributes:
        host: The address of the pages.
        port: Of the pages; 0 picks a free one.
        has_pages: Whether pages are served.
        has_telemetry: Whether telemetry may be taken: it may be switched off. `has_errors` likewise.
    """

    host: str = "127.0.0.1"
    port: int = 8710
    has_pages: bool = True
    has_telemetry: bool = False
    has_errors: bool = False


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A process that the supervisor keeps running.

    Attributes:
        name: As in the log, in `outrider status` and on the page of the service.
        module: Has `serve(child: ChildProcess) -> None`, which does the work in the process's main thread. It calls
            `child.ready()` as soon as others may count on it, and returns soon after the function that it handed to
            `child.on_stop` was called.
        is_wanted: Whether the service has this process.
        asks: Names of processes that it asks by `child.link(name)`. It is first started when these are ready.
        nice: Added to its niceness: measurements on the same host go first.
        stop_s: How long it may take to end before it is killed.
    """

    name: str
    module: str
    is_wanted: Callable[[ServiceOptions], bool] = lambda _: True
    asks: tuple[str, ...] = ()
    nice: int = 0
    stop_s: float = 20.0


CHILDREN = (
    ChildSpec("scheduler", "outrider.app.scheduler_process", stop_s=3_600.0),
    ChildSpec("web", "outrider.app.web_process", lambda options: options.has_pages, asks=("scheduler",), nice=5),
    ChildSpec(
        "telemetry", "outrider.app.telemetry_process", lambda options: options.has_telemetry, nice=5, stop_s=60.0
    ),
    ChildSpec("errors", "outrider.app.error_process", lambda options: options.has_errors, nice=5),
)
"""In the order in which they are stopped, one after the other: who is asked ends before who asks cannot be answered.

The scheduler ends by itself after `drain` of `[service]`; pages show meanwhile what is under way.
"""
