"""What is asked of spans about services; `outrider.telemetry_store` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.host_answer import HostPoint, HostReading, RuntimePoint
    from outrider.model.service_answer import (
        Dependency,
        Deployment,
        OperationCount,
        RatePoint,
        ServiceInstance,
        Statement,
    )
    from outrider.model.telemetry_answer import SpanRates


class ServiceReader(Protocol):
    """Answers about services from rollups, in whole minutes or hours; probers' traffic is left out by default."""

    def services(self, since_ns: int, until_ns: int, *, with_synthetic: bool = False) -> list[SpanRates]:
        """Return every service that spans enter, by name."""

    def operations(
        self, service: str, since_ns: int, until_ns: int, *, with_synthetic: bool = False
    ) -> list[SpanRates]:
        """Return the operations of a service, those with the most time in all first."""

    def dependencies(
        self, since_ns: int, until_ns: int, *, service: str = "", with_synthetic: bool = False
    ) -> list[Dependency]:
        """Return calls between services, and to databases, queues and others, the most frequent first.

        Args:
            since_ns: The beginning.
            until_ns: The end; minutes are there about two minutes after their end.
            service: Only those of it and to it; all if empty.
            with_synthetic: Count probers' traffic too.
        """

    def deployments(self, since_ns: int, until_ns: int, *, service: str = "") -> list[Deployment]:
        """Return versions whose first request lies in that time and that came after another, the oldest first."""

    def instances(self, service: str, since_ns: int, until_ns: int) -> list[ServiceInstance]:
        """Return the instances of a service that answered in that time (by the hour), the last one first."""

    def statements(
        self, service: str, since_ns: int, until_ns: int, *, with_synthetic: bool = False
    ) -> list[Statement]:
        """Return what a service sends to databases, values replaced by `?`, by the time that it takes in all."""

    def service_points(
        self,
        since_ns: int,
        until_ns: int,
        *,
        every_s: int,
        service: str = "",
        with_synthetic: bool = False,
        with_durations: bool = True,
    ) -> dict[str, tuple[RatePoint, ...]]:
        """Return rates of one or all services by period, in the order of time; those without requests are left out.

        Without durations, which most of the work goes into, `RatePoint.durations` is empty.
        """

    def operation_counts(
        self, since_ns: int, until_ns: int, *, every_s: int, service: str = ""
    ) -> Sequence[OperationCount]:
        """Return what entered one or all services in whole minutes, by operation and period, in the order of time.

        Periods without requests are left out; of more than 400,000 the first are returned.
        """

    def hosts(self, since_ns: int, until_ns: int) -> list[HostReading]:
        """Return every host that sent system metrics in that time, by name, with what it said last."""

    def host_points(
        self, since_ns: int, until_ns: int, *, every_s: int, host: str = "", figure: str = ""
    ) -> list[HostPoint]:
        """Return figures of one or all hosts by period, in the order of time; a counter's reset is left out."""

    def runtime_points(self, service: str, since_ns: int, until_ns: int, *, every_s: int) -> list[RuntimePoint]:
        """Return metrics of the runtimes, pools and queues of a service by metric, instance and period."""

    def weekly_peaks(
        self, until_ns: int, *, weeks: int, without_s: Sequence[tuple[int, int]] = ()
    ) -> dict[str, tuple[float | None, ...]]:
        """Return the busiest five minutes of each week of each service, requests a second, the oldest week first.

        A week in which fewer than six days have requests is None, and so is what is before the first one left out.

        Args:
            until_ns: The end of the last week.
            weeks: How many, at most.
            without_s: Beginnings and ends of times that do not count, seconds since 1970.
        """
