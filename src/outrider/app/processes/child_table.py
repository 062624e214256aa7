"""The processes of `outrider up`: a line each. A further one is a module with `serve`, and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ServiceRole(StrEnum):
    """Which part of the work a service takes, beside others on the same store."""

    ALL = "all"
    WEB = "web"
    SCHEDULER = "scheduler"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What `outrider up` was asked for.

    Attributes:
        host: The address of the pages.
        port: Of the pages; 0 picks a free one.
        has_pages: Whether pages are served.
        has_telemetry: Whether telemetry may be taken: it may be switched off. `has_errors` likewise.
        role: Its part of the work.
    """

    host: str = "127.0.0.1"
    port: int = 8710
    has_pages: bool = True
    has_telemetry: bool = False
    has_errors: bool = False
    role: ServiceRole = ServiceRole.ALL

    @property
    def may_lead(self) -> bool:
        """Whether it may run checks; without that its scheduler only knows them."""
        return self.role in {ServiceRole.ALL, ServiceRole.SCHEDULER}

    @property
    def serves_pages(self) -> bool:
        """Whether it answers people and workers of locations."""
        return self.has_pages and self.role in {ServiceRole.ALL, ServiceRole.WEB}

    @property
    def takes_telemetry(self) -> bool:
        """Whether it takes telemetry; `takes_errors` likewise."""
        return self.has_telemetry and self._takes

    @property
    def takes_errors(self) -> bool:
        """Whether it takes errors."""
        return self.has_errors and self._takes

    @property
    def _takes(self) -> bool:
        return self.role in {ServiceRole.ALL, ServiceRole.INGEST}


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
    ChildSpec(
        "scheduler", "outrider.app.processes.scheduler_process", lambda options: options.role != ServiceRole.INGEST,
        stop_s=3_600.0,
    ),
    ChildSpec(
        "web", "outrider.app.processes.web_process", lambda options: options.serves_pages,
        asks=("scheduler",), nice=5,
    ),
    ChildSpec(
        "telemetry", "outrider.app.processes.telemetry_process", lambda options: options.takes_telemetry,
        nice=5, stop_s=60.0,
    ),
    ChildSpec("errors", "outrider.app.processes.error_process", lambda options: options.takes_errors, nice=5),
)  # fmt: skip
"""In the order in which they are stopped, one after the other: who is asked ends before who asks cannot be answered.

The scheduler ends by itself after `drain` of `[service]`; pages show meanwhile what is under way.
"""
