"""How busy the host of a service is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostState:
    """How busy a host is; None stands for what the system does not tell.

    Attributes:
        load_1m: Processes that run or wait, over the last minute.
        disk_free_bytes: Of the disk that the store lies on, of `disk_bytes`.
    """

    name: str
    processors: int
    load_1m: float | None
    memory_available_bytes: int | None
    disk_free_bytes: int | None
    disk_bytes: int | None
