"""One request of OTLP, from its bytes to the spool and to its answer; no HTTP, so that other protocols may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.model import Span
from outrider.telemetry.day_ledger import DayBudget
from outrider.telemetry.log_records import read_logs
from outrider.telemetry.metric_reader import read_metrics
from outrider.telemetry.otlp_body import SignalKind, answer, inflated, media_type, parse
from outrider.telemetry.span_reader import read_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from outrider.telemetry.attribute_reader import AttributeReader
    from outrider.telemetry.spool import Record, Spool

_REFUSALS: Final = {
    SignalKind.LOGS: "",
    SignalKind.TRACES: "spans without a valid trace id and span id are refused",
    SignalKind.METRICS: "points that are no finite numbers, or whose buckets and bounds do not fit, are refused",
}


class Intake:
    """Takes requests; safe between threads.

    Args:
        off: Signals of which none are taken; may be replaced at any time.
        budget: Bytes of each signal a day; without one all are taken.
        room: Raises `SpoolFull` while the disk is nearly full.
    """

    def __init__(
        self,
        spool: Spool,
        reader: AttributeReader,
        off: Collection[SignalKind] = (),
        *,
        budget: DayBudget | None = None,
        room: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._reader = reader
        self.off = frozenset(off)
        self._budget = budget or DayBudget(reader.tally, {})
        self._room = room

    @property
    def most_bytes(self) -> int:
        """Most bytes of a body, as it is sent."""
        return self._reader.limits.body_bytes

    def take(self, kind: SignalKind, data: bytes, content_type: str, encoding: str) -> tuple[bytes, str]:
        """Keep what a request brings, and return the body of its answer with its media type.

        Raises:
            BadTelemetry: If it cannot be read; the client must not send it again.
            SpoolFull: If there is no room; the client is to send it again later.
        """
        media = media_type(content_type)
        self._room()
        content = inflated(data, encoding, self._reader.limits)
        message = parse(kind, content, media)
        records, refused = self._read(kind, message)
        if kind in self.off:
            self._reader.tally.add(f"{kind} switched off", len(records) + refused)
            return answer(kind, media, len(records) + refused, f"{kind} are switched off in this workspace"), media
        if not self._budget.spend(kind, len(content)):
            return self._take_beyond_budget(kind, records, refused, media), media
        self._spool.write(kind, records)
        self._reader.tally.add(f"{kind} taken", len(records))
        if refused:
            self._reader.tally.add(f"{kind} refused", refused)
        return answer(kind, media, refused, _REFUSALS[kind] if refused else ""), media

    def _take_beyond_budget(self, kind: SignalKind, records: list[Record], refused: int, media: str) -> bytes:
        """Keep probers' spans alone, and answer that the rest is dropped, for good: it is not to be sent again."""
        kept = [record for record in records if isinstance(record, Span) and record.origin]
        dropped = len(records) - len(kept)
        self._spool.write(kind, kept)
        self._reader.tally.add(f"{kind} taken", len(kept))
        self._reader.tally.add(f"{kind} beyond the budget of the day", dropped)
        why = f"the budget of {kind} for today, {self._budget.most_bytes(kind):,} bytes, is used up"
        return answer(kind, media, dropped + refused, why)

    def _read(self, kind: SignalKind, message: Any) -> tuple[list[Record], int]:
        if kind is SignalKind.LOGS:
            return [*read_logs(message, self._reader)], 0
        read = read_spans if kind is SignalKind.TRACES else read_metrics
        records, refused = read(message, self._reader)
        return [*records], refused
