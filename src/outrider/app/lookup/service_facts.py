"""What spans tell of services, for commands: whom they call, since when which version, where they run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Subject, SubjectKind
from outrider.runs import moved_operations
from outrider.workspace import TelemetrySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import (
        Dependency,
        Deployment,
        HostReading,
        MovedOperation,
        Release,
        RuntimePoint,
        SeriesReader,
        ServiceInstance,
        ServiceReader,
        SpanRates,
        Statement,
    )
    from outrider.workspace import Workspace

_SECOND_US = 1_000_000
_SAME_S = 1800
"""A version that serves within so long after a release was noted, or before, is that release."""


@dataclass(frozen=True, slots=True)
class ReleaseMark:
    """A deployment, and the release of `outrider release` that it belongs to; empty if none was noted about then."""

    deployment: Deployment
    release: str


class ServiceFacts:
    """Answers of the last seconds.

    Args:
        reader: Of the telemetry.
        last_s: How far to look back.
        service: Which one; all if empty.
    """

    def __init__(self, reader: ServiceReader, last_s: float, service: str = "") -> None:
        self._reader = reader
        self._until_ns = time.time_ns()
        self._since_ns = self._until_ns - round(last_s * 1e9)
        self._service = service

    def rates(self) -> list[SpanRates]:
        """Return rates of all services, or of the operations of one."""
        if self._service:
            return self._reader.operations(self._service, self._since_ns, self._until_ns)
        return self._reader.services(self._since_ns, self._until_ns)

    def runtime(self) -> list[RuntimePoint]:
        """Return what each metric of the service's runtimes said last, as the mean of a minute."""
        points = self._reader.runtime_points(self._service, self._since_ns, self._until_ns, every_s=60)
        latest = {(own.metric, own.unit, own.kind, own.instance, own.part): own for own in points}
        return list(latest.values())

    def moved(self, series: SeriesReader) -> tuple[MovedOperation, ...]:
        """Return which operations of the service deviate from their last day."""
        if not self._service:
            return ()
        return moved_operations(series, Subject.of(SubjectKind.SERVICE, self._service), at_us=self._until_ns // 1000)

    def hosts(self) -> list[HostReading]:
        """Return hosts and what they said last."""
        return self._reader.hosts(self._since_ns, self._until_ns)

    def dependencies(self) -> list[Dependency]:
        """Return who calls whom."""
        return self._reader.dependencies(self._since_ns, self._until_ns, service=self._service)

    def deployments(self, releases: Sequence[Release]) -> list[ReleaseMark]:
        """Return new versions, with the releases that were noted about then."""
        deployments = self._reader.deployments(self._since_ns, self._until_ns, service=self._service)
        return marked(deployments, releases)

    def instances(self) -> list[ServiceInstance]:
        """Return the instances of the service."""
        return self._reader.instances(self._service, self._since_ns, self._until_ns)

    def statements(self) -> list[Statement]:
        """Return what the service sends to databases."""
        return self._reader.statements(self._service, self._since_ns, self._until_ns)


def satisfied_ms(workspace: Workspace) -> float:
    """Return up to which duration a request satisfies."""
    return (workspace.telemetry or TelemetrySettings()).apdex_ms


def marked(deployments: Sequence[Deployment], releases: Sequence[Release]) -> list[ReleaseMark]:
    """Return deployments with the release of each: of the same environment (if it names one), the nearest in time."""
    return [ReleaseMark(deployment, _release(deployment, releases)) for deployment in deployments]


def _release(deployment: Deployment, releases: Sequence[Release]) -> str:
    near = [
        release
        for release in releases
        if abs(release.at_us - deployment.at_us) <= _SAME_S * _SECOND_US
        and deployment.environment in {"", release.environment}
    ]
    same_name = [release for release in near if release.name == deployment.version]
    nearest = min(same_name or near, key=lambda release: abs(release.at_us - deployment.at_us), default=None)
    return "" if nearest is None else nearest.name
