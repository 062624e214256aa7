"""What is read from where people keep telemetry already: other servers of traces, logs and series."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SourceKind(StrEnum):
    """Whose API a source speaks."""

    JAEGER = "jaeger"
    LOKI = "loki"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source answers, or answered last.

    Attributes:
        url: Its base address.
        took_ms: How long its answer took; None if it did not answer as it should.
        version: What it says of itself; empty if it says nothing.
        problem: What is wrong; empty if nothing is.
        fix: What to do about it.
    """

    name: str
    kind: SourceKind
    url: str
    took_ms: float | None = None
    version: str = ""
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSeries:
    """Values of a series over time.

    Attributes:
        labels: What tells it apart; `__name__` is the metric's.
        at_s: Seconds since 1970, ascending.
        values: One for each time; finite.
    """

    labels: Mapping[str, str]
    at_s: tuple[float, ...]
    values: tuple[float, ...]
