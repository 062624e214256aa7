"""How pages and the API reach telemetry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from outrider.dashboard.missing_traces import SpanKeeping
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import NotablePattern, OutsideError, ServiceReader, SourceState, TelemetryReader
    from outrider.real_users import RealUserReader


def _off() -> NoReturn:
    fix = "add a section [telemetry] to outrider.toml, and send telemetry: docs/telemetry.md"
    raise UsageError("this workspace takes no telemetry", slug="telemetry-off", fix=fix)


@dataclass(frozen=True, slots=True)
class TelemetrySource:
    """Opens the telemetry of a workspace.

    Attributes:
        is_on: Whether it takes any; pages link to those of telemetry only then.
        services: Returns what answers about services, likewise.
        real_users: Returns what answers about page views, likewise.
        satisfied_ms: Up to which duration a request satisfies, for the Apdex.
        links: Templates of addresses of other tools, by their names.
        notable: Returns the patterns of log records that are new or explode, or did within a day, the latest first.
        spans_s: How long spans are kept.
        has_sources: Whether `[sources]` names one that keeps traces; the reader knows these, too.
        outside_errors: Returns the errors that sources keep of traces.
        source_states: Returns how sources answered last.
        explains: Whether pages of incidents look up what explains them.
        reader: Returns it; raises an error that says what to do where it is off or cannot be reached.
    """

    is_on: bool = False
    reader: Callable[[], TelemetryReader] = _off
    services: Callable[[], ServiceReader] = _off
    satisfied_ms: float = 500.0
    links: Mapping[str, str] = field(default_factory=dict)
    notable: Callable[[], Sequence[NotablePattern]] = tuple
    real_users: Callable[[], RealUserReader] = _off
    spans_s: float = 259_200.0
    has_sources: bool = False
    source_states: Callable[[], Sequence[SourceState]] = tuple
    explains: bool = True
    outside_errors: Callable[[Sequence[str]], Sequence[OutsideError]] = lambda _: ()

    def keeping(self) -> SpanKeeping:
        """Return where spans are kept, and for how long.

        Raises:
            UsageError: telemetry-off.
            TelemetryError: If it cannot be reached.
        """
        return SpanKeeping(self.reader(), self.spans_s if self.is_on else 0.0, self.source_states())

    @property
    def has_traces(self) -> bool:
        """Whether the reader may know traces."""
        return self.is_on or self.has_sources
