"""What the Locust process and we say to each other: a line of JSON each.

It says: `Ready` once, `Started`, then each second `Pulse` and from every process `Counted`, and at last `Ended`.
We say: `Aim`, and `Stop`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


VARIABLE = "OUTRIDER_LOAD"
"""The environment variable with the process's ends of both pipes, and the `LoadConfig`."""


@dataclass(frozen=True, slots=True)
class LoadConfig:
    """What the Locust process is told when it starts.

    Attributes:
        allowed_hosts: See `hosts`.
        shaped: Whether we say how many users there are.
        users: How many there are at first, if we say so.
        rate: Tasks a second that each generating process is to begin; zero leaves that to the locustfile.
        ramp_s: Time in which the rate grows from nothing.
    """

    allowed_hosts: tuple[str, ...] = ()
    shaped: bool = False
    users: int = 0
    rate: float = 0.0
    ramp_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Aim:
    """How many users there should be from now on."""

    users: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the load."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The locustfile is read; `own_shape` says whether it brings a shape, `hosts` where its users begin."""

    own_shape: bool
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The load begins; seconds since the epoch."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the load stands.

    Attributes:
        workers: Generating processes that are there.
        spawned: The most users that were asked for and all began, though some may have ended since.
    """

    at_s: float
    users: int
    spawned: int
    workers: int


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one name within a second: counts by bucket, see `Histogram`."""

    endpoint: str
    succeeded: Mapping[int, int]
    failed: Mapping[int, int]
    intended: Mapping[int, int] | None
    received_bytes: int


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed in the same way; without an endpoint, in a user's own code."""

    endpoint: str
    message: str
    count: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """What a generating process did within a second; `at` counts from the epoch, the others as in `LoadInterval`."""

    at: int
    cpu_share: float
    lag_ms: float
    late_s: float
    requests: tuple[Requests, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a process of the load did since it last said so; `refused` are hosts that it asked for in vain."""

    generator: str
    seconds: tuple[Second, ...] = ()
    failures: tuple[Failures, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """Locust is done; `asked_code` is the exit code that the locustfile itself asks for, or None."""

    asked_code: int | None


Said = Ready | Started | Pulse | Counted | Ended
Told = Aim | Stop

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (LoadConfig, Aim, Stop, Ready, Started, Pulse, Counted, Ended)
}


def write(message: object) -> bytes:
    """Return a message as a line."""
    told = {"is": type(message).__name__, **asdict(message)}  # type: ignore[call-overload]  # any of the classes above
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def read(line: bytes | str) -> Any:
    """Return the message of a line.

    Raises:
        ValueError: If it is none.
    """
    try:
        told = json.loads(line)
        kind = _KINDS[told.pop("is")]
        return (
            _counted(told)
            if kind is Counted
            else kind(**{each.name: _frozen(told[each.name]) for each in fields(kind)})
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no message: {line[:80]!r}") from error


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _counted(told: Mapping[str, Any]) -> Counted:
    return Counted(
        told["generator"],
        tuple(
            Second(**{**each, "requests": tuple(_requests(one) for one in each["requests"])})
            for each in told["seconds"]
        ),
        tuple(Failures(**{**each, "samples": tuple(each["samples"])}) for each in told["failures"]),
        tuple(told["refused"]),
    )


def _requests(told: Mapping[str, Any]) -> Requests:
    return Requests(
        told["endpoint"],
        _counts(told["succeeded"]),
        _counts(told["failed"]),
        None if told["intended"] is None else _counts(told["intended"]),
        told["received_bytes"],
    )


def _counts(told: Mapping[str, int]) -> dict[int, int]:
    return {int(bucket): count for bucket, count in told.items()}
