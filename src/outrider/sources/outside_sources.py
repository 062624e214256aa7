"""All sources of a workspace as one: asked in order, each behind a breaker, never longer than its timeout."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from outrider.model import SourceError, SourceKind, SourceState, UsageError
from outrider.sources.elasticsearch_source import ElasticsearchSource
from outrider.sources.jaeger_source import JaegerSource
from outrider.sources.loki_source import LokiSource
from outrider.sources.prometheus_source import PrometheusSource
from outrider.sources.sentry_source import SentrySource
from outrider.sources.source_address import SourceAddress
from outrider.sources.source_client import ErrorClient, LogClient, SeriesClient, SourceClient, TraceClient
from outrider.sources.tempo_source import TempoSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import LabelledSeries, LogRecord, OutsideError, Span
    from outrider.workspace import SourceSettings

_CLIENTS: Final[Mapping[SourceKind, Callable[[SourceAddress, SourceSettings], SourceClient]]] = {
    SourceKind.JAEGER: lambda address, _: JaegerSource(address),
    SourceKind.TEMPO: lambda address, _: TempoSource(address),
    SourceKind.LOKI: lambda address, settings: LokiSource(address, settings.selector),
    SourceKind.ELASTICSEARCH: lambda address, settings: ElasticsearchSource(address, settings.selector),
    SourceKind.PROMETHEUS: lambda address, _: PrometheusSource(address),
    SourceKind.SENTRY: lambda address, settings: SentrySource(address, settings.organization, settings.selector),
}
_FIRST_PAUSE_S: Final = 15.0
_LONGEST_PAUSE_S: Final = 300.0
_MOST_LINES: Final = 1_000
_MOST_TRACES: Final = 50
_GARBAGE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
_NO_TRACES: Final[Mapping[str, tuple[Span, ...]]] = {}

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class SourceAccess:
    """A source, and the headers that prove who asks; or why it cannot be asked, and what to do about that."""

    settings: SourceSettings
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    problem: str = ""
    fix: str = ""


class OutsideSources:
    """Implements the port `OutsideReader`; may be used by any thread.

    Args:
        accesses: To each source, in the order in which they are asked.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, accesses: Sequence[SourceAccess], clock: Callable[[], float] = monotonic) -> None:
        self._sources = [_GuardedSource(access, clock) for access in accesses]

    @property
    def has_traces(self) -> bool:
        """Whether any source keeps traces."""
        return any(isinstance(source.client, TraceClient) for source in self._sources)

    def traces(self, trace_ids: Sequence[str]) -> Mapping[str, tuple[Span, ...]]:
        """Return the spans of traces by their ids, by their start; unknown ones are left out."""
        known: dict[str, tuple[Span, ...]] = {}
        clients = [(own, own.client) for own in self._sources if isinstance(own.client, TraceClient)]
        for source, client in clients:
            missing = [trace_id for trace_id in dict.fromkeys(trace_ids) if trace_id not in known]
            if missing:
                known |= source.answer(partial(client.traces, missing), _NO_TRACES)
        return {own: tuple(sorted(spans, key=lambda span: span.time_ns)) for own, spans in known.items()}

    def logs(
        self, since_ns: int, until_ns: int, *, trace_id: str = "", least_severity: int = 0, limit: int = 50
    ) -> tuple[LogRecord, ...]:
        """Return log records of a time, the newest first; of a trace alone where one is named."""
        records: list[LogRecord] = []
        asked = min(10 * limit, _MOST_LINES) if least_severity else limit
        clients = [(own, own.client) for own in self._sources if isinstance(own.client, LogClient)]
        for source, client in clients:
            records += source.answer(partial(client.logs, since_ns, until_ns, trace_id=trace_id, limit=asked), [])
        kept = (record for record in records if record.severity_number >= least_severity)
        return tuple(sorted(kept, key=lambda record: -record.time_ns)[:limit])

    def errors(
        self, trace_ids: Sequence[str], since_us: int, until_us: int, *, limit: int = 20
    ) -> tuple[OutsideError, ...]:
        """Return the newest errors of a time; those of traces alone where any are named."""
        errors: list[OutsideError] = []
        for source in self._sources:
            if isinstance(source.client, ErrorClient):
                ask = partial(source.client.errors, trace_ids[:_MOST_TRACES], since_us, until_us, limit=limit)
                errors += source.answer(ask, [])
        return tuple(sorted(errors, key=lambda error: -error.at_us)[:limit])

    def series(
        self, query: str, since_s: float, until_s: float, every_s: float, *, source: str = ""
    ) -> tuple[LabelledSeries, ...]:
        """Return what a query of PromQL comes to at `since_s`, every `every_s` seconds after it, up to `until_s`.

        Raises:
            UsageError: unknown-source.
            SourceError: source-query where it refuses the query, else source-away, source-refused, source-garbage.
        """
        clients = [(own, own.client) for own in self._sources if isinstance(own.client, SeriesClient)]
        known = [own for own in clients if source in {"", own[0].name}]
        if len(known) != 1:
            names = ", ".join(own.name for own, _ in clients)
            what = f"no source of PromQL is called {source[:80]!r}" if source else "no one source of PromQL is meant"
            fix = f"name one of {names}" if names else 'add [sources.NAME] with kind = "prometheus" to outrider.toml'
            raise UsageError(what, slug="unknown-source", fix=fix)
        guarded, client = known[0]
        return guarded.ask(partial(client.series, query, since_s, until_s, every_s))

    def states(self) -> tuple[SourceState, ...]:
        """Return how each source answered last, without asking."""
        return tuple(source.state for source in self._sources)

    def check(self) -> tuple[SourceState, ...]:
        """Ask each source who it is, side by side."""
        threads = [threading.Thread(target=source.check, name="source check") for source in self._sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.states()


class _GuardedSource:
    """A source that is left alone for a while after it did not answer: 15 seconds, twice as long each time."""

    def __init__(self, access: SourceAccess, clock: Callable[[], float]) -> None:
        settings = access.settings
        self.name = settings.name
        self.address = SourceAddress(settings.name, settings.url, dict(access.headers), settings.timeout_s)
        self.client = _CLIENTS[settings.kind](self.address, settings)
        self.state = SourceState(settings.name, settings.kind, settings.url, problem=access.problem, fix=access.fix)
        self._access = access
        self._clock = clock
        self._lock = threading.Lock()
        self._problem: SourceError | None = None
        self._until_s = self._pause_s = 0.0

    def ask(self, question: Callable[[], T]) -> T:
        """Return an answer.

        Raises:
            SourceError: If there is none.
        """
        if self._access.problem:
            raise SourceError(self._access.problem, slug="source-refused", fix=self._access.fix)
        with self._lock:
            if self._problem is not None and self._clock() < self._until_s:
                raise self._problem
        began_s = self._clock()
        try:
            answer = self._understood(question)
        except SourceError as problem:
            if problem.slug != "source-query":
                self._failed(problem)
            raise
        with self._lock:
            self._problem, self._pause_s = None, 0.0
            self.state = replace(self.state, took_ms=(self._clock() - began_s) * 1e3, problem="", fix="")
        return answer

    def answer(self, question: Callable[[], T], default: D) -> T | D:
        """Return an answer, or the default where there is none; `state` says why."""
        try:
            return self.ask(question)
        except SourceError as problem:
            with self._lock:
                self.state = replace(self.state, took_ms=None, problem=problem.what, fix=problem.fix)
            return default

    def check(self) -> None:
        """Ask who it is, even if it was left alone."""
        with self._lock:
            self._until_s = 0.0
        version = self.answer(self.client.version, "")
        with self._lock:
            self.state = replace(self.state, version=version)

    def _understood(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except _GARBAGE:
            raise self.address.garbage(f"does not answer as {self.state.kind.value.capitalize()} does") from None

    def _failed(self, problem: SourceError) -> None:
        with self._lock:
            self._problem = problem
            self._pause_s = min(max(2 * self._pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._until_s = self._clock() + self._pause_s
            self.state = replace(self.state, took_ms=None, problem=problem.what, fix=problem.fix)
