"""What waits in the spool -> the store, segment after segment, in a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.span_sampler import KeepRules, SpanSampler
from outrider.telemetry.spool import read_segment
from outrider.telemetry.thread_priority import yield_to_measurements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.model import Span, TelemetryInserts
    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.telemetry")

EVERY_S: Final = 0.5
_LONGEST_WAIT_S: Final = 10.0


class Digestion:
    """Inserts what waits twice a second, and waits longer while the store is away.

    Args:
        every_s: From the end of one round to the beginning of the next.
        sampler: Decides which spans are kept; all if it is not given.
    """

    def __init__(
        self,
        spool: Spool,
        store: TelemetryInserts,
        tally: Tally,
        *,
        every_s: float = EVERY_S,
        sampler: SpanSampler | None = None,
    ) -> None:
        self._spool = spool
        self._store_counts = store.count_spans
        self._sampler = sampler or SpanSampler(KeepRules())
        self._tally = tally
        self._every_s = every_s
        self._is_away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry-digestion", daemon=True)
        self._inserts: dict[SignalKind, Callable[..., None]] = {
            SignalKind.LOGS: store.insert_logs,
            SignalKind.TRACES: self._insert_spans,
            SignalKind.METRICS: store.insert_metrics,
        }
        self._keep_spans = store.insert_spans

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the segment that is being inserted; what waits stays in the spool."""
        self._stop.set()
        self._thread.join()

    def digest(self) -> bool:
        """Insert what waits; return False if the store takes nothing at the moment."""
        for segment in self._spool.sealed():
            if self._stop.is_set():
                return True
            if not self._insert(segment):
                return False
        return True

    def _run(self) -> None:
        yield_to_measurements()
        wait_s = self._every_s
        while not self._stop.wait(wait_s):
            wait_s = self._every_s if self.digest() else min(2 * wait_s, _LONGEST_WAIT_S)

    def _insert(self, segment: Path) -> bool:
        try:
            kind, records = read_segment(segment)
            self._store(kind, records, segment.stem)
        except TelemetryUnavailable as error:
            if not self._is_away:
                log.warning("telemetry waits: its store is away", reason=str(error), bytes=self._spool.bytes)
            self._is_away = True
            return False
        except (TelemetryError, ValueError, TypeError, LookupError) as error:
            self._tally.add("segments that the store refused")
            log.error("a segment of telemetry was put aside", segment=segment.name, reason=str(error))  # noqa: TRY400
            self._spool.put_aside(segment)
            return True
        if self._is_away:
            log.info("the store of telemetry is back")
        self._is_away = False
        self._tally.add(f"{kind} stored", len(records))
        self._spool.forget(segment)
        return True

    def _insert_spans(self, spans: Sequence[Span], *, token: str) -> None:
        """Keep some, and count the others; the same segment is divided the same way again."""
        kept, counted = self._sampler.divide(spans)
        self._keep_spans(kept, token=token)
        if counted:
            self._store_counts(counted, token=f"{token}-counted")
            self._tally.add("traces counted, not kept, by rate", len(counted))

    def _store(self, kind: SignalKind, records: list[Any], token: str) -> None:
        if records:
            self._inserts[kind](records, token=token)
