"""What an attempt of a probe found out: numbers, what failed and whose fault that may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.model import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import Sample


class Blame(StrEnum):
    """Where a failure comes from, as far as the failure itself tells.

    TARGET: it answered, and wrongly, or refused. SLOW: it took too long, if our clock can be trusted. NETWORK: it could
    not be reached, if our own network is up. PROBER: we could not even try. SETUP: the probe is wrong. WAITING: there
    is nothing to judge yet.
    """

    TARGET = "target"
    SLOW = "slow"
    NETWORK = "network"
    PROBER = "prober"
    SETUP = "setup"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as it should be; `step` is the title of the request that it happened in."""

    blame: Blame
    reason: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Something worth keeping of an attempt that did not pass: a body, or the course of an exchange."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a probe's attempt brings back.

    Attributes:
        duration_ms: Of the probing itself, without waiting for a turn.
        address: What was probed, for a reader: a URL, or host and port.
        secrets: Values learned from answers that must not be shown.
    """

    duration_ms: float
    failures: tuple[Failure, ...] = ()
    samples: tuple[Sample, ...] = ()
    steps: tuple[Step, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    exhibits: tuple[Exhibit, ...] = ()
    address: str = ""
    secrets: tuple[str, ...] = ()


def only_step(title: str, duration_ms: float, failures: tuple[Failure, ...]) -> tuple[Step, ...]:
    """Return the one step of a probe that does one thing, so that it is judged as the steps of journeys are."""
    return (Step(title, title, StepKind.NAMED, 0.0, duration_ms, error=failures[0].reason if failures else None),)
