"""Messages between the Locust process and its parent, a line of JSON each.

The child sends `Ready` once, `Started`, each second `Pulse` and from every process `Counted`, then `Stopping`, and at
last `Ended`.
The parent sends `Aim` and `Stop`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


VARIABLE = "OUTRIDER_LOAD"
"""The environment variable with the process's ends of both pipes, and the `LoadConfig`."""

ASSERTION = AssertionError.__name__
"""How messages of the user's code begin whose exception says that the target is not as expected."""


@dataclass(frozen=True, slots=True)
class LoadConfig:
    """Configuration of the Locust process, which it gets when it starts.

    Attributes:
        allowed_hosts: See `hosts`.
        shaped: Whether the parent sets the number of users.
        users: How many there are at first, if the parent sets them.
        rate: Tasks a second that each generating process is to begin; zero leaves that to the locustfile.
        ramp_s: Time in which the rate grows from nothing.
        trace_every: One request in so many begins a trace; zero for none.
        trace_claim, trace_key: Of the `TraceGrant` for these traces.
    """

    allowed_hosts: tuple[str, ...] = ()
    shaped: bool = False
    users: int = 0
    rate: float = 0.0
    ramp_s: float = 0.0
    trace_every: int = 0
    trace_claim: str = ""
    trace_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Aim:
    """How many users there should be from now on."""

    users: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the load; `at_once` without waiting for workers' last reports."""

    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The locustfile is read.

    Attributes:
        own_shape: Whether it brings a shape.
        hosts: Where its users begin.
        run_time_s: After which Locust ends the load itself, by its own options; None if it does not.
        stop_timeout_s: How long Locust lets users finish their tasks at the end.
        failure_code: Locust's exit code where requests failed.
    """

    own_shape: bool
    hosts: tuple[str, ...] = ()
    run_time_s: float | None = None
    stop_timeout_s: float = 0.0
    failure_code: int = 1


@dataclass(frozen=True, slots=True)
class Started:
    """The load begins; seconds since the epoch."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Stopping:
    """The load ends, and users begin to stop; seconds since the epoch."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the load stands.

    Attributes:
        workers: Generating processes that are there.
        spawned: The most users that were asked for and all began, though some may have ended since.
        asked: Users that are asked for now, whether they have begun or not.
    """

    at_s: float
    users: int
    spawned: int
    workers: int
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one name within a second: counts by bucket, see `Histogram`."""

    endpoint: str
    succeeded: Mapping[int, int]
    failed: Mapping[int, int]
    intended: Mapping[int, int] | None
    received_bytes: int
    unanswered: Mapping[int, int] = field(default_factory=dict)


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
    """What a process of the load did since its last report.

    Attributes:
        refused: Hosts that it asked for in vain.
        open: Requests that have no answer yet, by their age so far.
        activities: How many users do what, as long as none has asked anything.
        traces: Ids of traces that requests begin, each with its endpoint.
    """

    generator: str
    seconds: tuple[Second, ...] = ()
    failures: tuple[Failures, ...] = ()
    refused: tuple[str, ...] = ()
    open: tuple[Requests, ...] = ()
    activities: Mapping[str, int] = field(default_factory=dict)
    traces: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """Locust is done.

    Attributes:
        asked_code: The exit code that the locustfile itself asks for, or None.
        code: The one that Locust ends with.
        unreported: Workers whose last report did not come.
        signal: That ended Locust from outside, or zero.
        is_shape_over: Whether the locustfile's own shape came to its end; true if there is none.
        is_time_up: Whether Locust's own run time was over.
        exited: Workers that the locustfile ended.
    """

    asked_code: int | None
    code: int = 0
    unreported: tuple[str, ...] = ()
    signal: int = 0
    is_shape_over: bool = True
    is_time_up: bool = False
    exited: tuple[str, ...] = ()


ChildMessage = Ready | Started | Stopping | Pulse | Counted | Ended
ControlMessage = Aim | Stop

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (LoadConfig, Aim, Stop, Ready, Started, Stopping, Pulse, Counted, Ended)
}


def write(message: object) -> bytes:
    """Return a message as a line."""
    document = {"is": type(message).__name__, **asdict(message)}  # type: ignore[call-overload]  # any of the classes above
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def read(line: bytes | str) -> Any:
    """Return the message of a line.

    Raises:
        ValueError: If it is none.
    """
    try:
        document = json.loads(line)
        kind = _KINDS[document.pop("is")]
        return (
            _counted(document)
            if kind is Counted
            else kind(**{field.name: _frozen(document[field.name]) for field in fields(kind)})
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no message: {line[:80]!r}") from error


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _counted(document: Mapping[str, Any]) -> Counted:
    return Counted(
        document["generator"],
        tuple(
            Second(**{**second, "requests": tuple(_requests(part) for part in second["requests"])})
            for second in document["seconds"]
        ),
        tuple(Failures(**{**group, "samples": tuple(group["samples"])}) for group in document["failures"]),
        tuple(document["refused"]),
        tuple(_requests(part) for part in document["open"]),
        document["activities"],
        tuple((trace_id, endpoint) for trace_id, endpoint in document.get("traces", ())),
    )


def _requests(document: Mapping[str, Any]) -> Requests:
    return Requests(
        document["endpoint"],
        _counts(document["succeeded"]),
        _counts(document["failed"]),
        None if document["intended"] is None else _counts(document["intended"]),
        document["received_bytes"],
        _counts(document["unanswered"]),
    )


def _counts(document: Mapping[str, int]) -> dict[int, int]:
    return {int(bucket): count for bucket, count in document.items()}
