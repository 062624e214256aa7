"""Signals that wait in the spool -> the store of telemetry."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.span_sampler import KeepRules, SpanSampler
from outrider.telemetry.spool import read_segment
from outrider.telemetry.spool_digestion import EVERY_S, SpoolDigestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.model import Span, TelemetryInserts
    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Record, Spool

log = structlog.get_logger("outrider.telemetry")

BUSY_S: Final = 1.5
"""A record is to be found two seconds after it was sent."""


class Digestion(SpoolDigestion):
    """Inserts segments, each whole; one that the store refuses for good is put aside.

    Args:
        every_s, busy_s: As of `SpoolDigestion`. An insert costs the engine as much as some thousand of its rows, so
            that few large ones are cheap; the first after a pause is made at once.
        sampler: Decides which spans are kept; all if it is not given.
        look: Is given the records of each segment before they are inserted, once or again; may raise `StoreError`.
    """

    def __init__(
        self,
        spool: Spool,
        store: TelemetryInserts,
        tally: Tally,
        *,
        every_s: float = EVERY_S,
        busy_s: float = BUSY_S,
        sampler: SpanSampler | None = None,
        look: Callable[[Sequence[Record]], None] = lambda _records: None,
    ) -> None:
        super().__init__(spool, "telemetry", every_s=every_s, busy_s=busy_s)
        self._store_counts = store.count_spans
        self._sampler = sampler or SpanSampler(KeepRules())
        self._tally = tally
        self._look = look
        self._inserts: dict[SignalKind, Callable[..., None]] = {
            SignalKind.LOGS: store.insert_logs,
            SignalKind.TRACES: self._insert_spans,
            SignalKind.METRICS: store.insert_metrics,
        }
        self._keep_spans = store.insert_spans

    def store(self, segment: Path) -> None:
        """Insert a segment, or put it aside."""
        try:
            kind, records = read_segment(segment)
            self._look(records)
            self._insert(kind, records, segment.stem)
        except TelemetryUnavailable:
            raise
        except (TelemetryError, ValueError, TypeError, LookupError) as error:
            self._tally.add("segments that the store refused")
            log.error("a segment of telemetry was put aside", segment=segment.name, reason=str(error))  # noqa: TRY400
            self._spool.put_aside(segment)
            return
        self._tally.add(f"{kind} stored", len(records))
        self._spool.forget(segment)

    def _insert_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Keep some, and count the others; the same segment is divided the same way again."""
        kept, counted = self._sampler.divide(spans)
        self._keep_spans(kept, token=token)
        if counted:
            self._store_counts(counted, token=f"{token}-counted")
            for service, count in Counter(span.service for span in counted).items():
                self._tally.add("traces counted, not kept, by rate", count, service=service)

    def _insert(self, kind: SignalKind, records: list[Any], token: str) -> None:
        if records:
            self._inserts[kind](records, token=token)
