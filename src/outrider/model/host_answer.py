"""What metrics tell of hosts and of the runtimes of services."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostPoint:
    """A figure of a host in a period.

    Attributes:
        figure: `cpu`, `memory`, `filesystem` and `swap` are shares from 0 to 1, `disk` and `network` bytes a second,
            `load` the average of a minute.
        part: The mount point or direction; empty if the figure has none.
        at_s: When the period begins.
    """

    host: str
    figure: str
    part: str
    at_s: int
    value: float


@dataclass(frozen=True, slots=True)
class HostReading:
    """A host and what it said last; shares from 0 to 1, None for what it did not say within fifteen minutes.

    Attributes:
        disk: Of the fullest file system, which `mount_point` names.
        network_bytes_s: Both directions.
        services: Those whose spans came from it within the last hour, the first twenty.
    """

    name: str
    last_us: int
    cpu: float | None
    memory: float | None
    disk: float | None
    mount_point: str
    load: float | None
    network_bytes_s: float | None
    services: tuple[str, ...]

    @property
    def worst(self) -> float:
        """The greatest of its shares; -1 where it said none, which is no good sign either."""
        return max((share for share in (self.cpu, self.memory, self.disk) if share is not None), default=-1.0)


@dataclass(frozen=True, slots=True)
class RuntimePoint:
    """A metric of an instance of a service in a period.

    Attributes:
        kind: `level` as it was sent, `rate` a second of what only grows, `mean` of a histogram.
        unit: As it was sent; empty if nothing was.
        part: Values of its attributes, those of the processor and device added up.
    """

    metric: str
    unit: str
    kind: str
    instance: str
    part: str
    at_s: int
    value: float
