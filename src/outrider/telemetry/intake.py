"""One request of OTLP, from its bytes to the spool and to its answer, and records of other protocols; no HTTP."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from outrider.model import Span
from outrider.telemetry.day_ledger import DayBudget
from outrider.telemetry.line_reader import SERVICE_NAME, LineReader, decoded
from outrider.telemetry.log_records import read_logs
from outrider.telemetry.loki_push import read_push
from outrider.telemetry.metric_reader import read_metrics
from outrider.telemetry.otlp_body import BadTelemetry, SignalKind, answer, inflated, media_type, parse
from outrider.telemetry.span_reader import read_spans
from outrider.telemetry.stacked_lines import Grouping, split_records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from outrider.model import LogRecord
    from outrider.telemetry.attribute_reader import AttributeReader
    from outrider.telemetry.spool import Record, Spool

NDJSON: Final = "application/x-ndjson"
_LINES: Final = frozenset(
    {NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json"}
)
"""None of the types that a page of anybody may send without asking (CORS), such as text/plain."""
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
        room: Is told the source; raises `SpoolFull` while the disk is nearly full.

    A `source` names who sends, for what is dropped: `token NAME`, or how it came without one.
    """

    def __init__(
        self,
        spool: Spool,
        reader: AttributeReader,
        off: Collection[SignalKind] = (),
        *,
        budget: DayBudget | None = None,
        room: Callable[[str], None] = lambda _source: None,
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

    def take(
        self, kind: SignalKind, data: bytes, content_type: str, encoding: str, *, source: str = ""
    ) -> tuple[bytes, str]:
        """Keep what a request brings, and return the body of its answer with its media type.

        Raises:
            BadTelemetry: If it cannot be read; the client must not send it again.
            SpoolFull: If there is no room; the client is to send it again later.
        """
        media = media_type(content_type)
        self._room(source)
        content = inflated(data, encoding, self._reader.limits)
        message = parse(kind, content, media)
        records, refused = self._read(kind, message, self._reader.of(source=source))
        dropped, why = self._keep(kind, records, len(content), source)
        return answer(kind, media, dropped + refused, why or (_REFUSALS[kind] if refused else "")), media

    def take_loki(self, data: bytes, content_type: str, encoding: str, *, source: str = "") -> str:
        """Keep what a push of Loki brings; return why it was dropped, or "".

        Raises:
            BadTelemetry, SpoolFull: As `take`.
        """
        media = media_type(content_type)
        self._room(source)
        content = inflated(data, "" if encoding.strip().lower() == "snappy" else encoding, self._reader.limits)
        records = read_push(content, media, self._reader.of(source=source))
        return self._keep(SignalKind.LOGS, records, len(content), source)[1]

    def take_lines(
        self, data: bytes, content_type: str, encoding: str, service: str, *, source: str = ""
    ) -> tuple[int, str]:
        """Keep lines of JSON or text; return how many records they were, and why those were dropped, or "".

        Raises:
            BadTelemetry, SpoolFull: As `take`.
        """
        if content_type.partition(";")[0].strip().lower() not in _LINES:
            raise BadTelemetry(f"send lines with Content-Type {NDJSON}", 415)
        self._room(source)
        limits = self._reader.limits
        content = inflated(data, encoding, limits)
        if content.count(b"\n") > limits.records:
            raise BadTelemetry(f"the body has more than {limits.records:,} lines", 413)
        lines = LineReader(self._reader.of(source=source), {SERVICE_NAME: service} if service else {})
        groups, _ = split_records(content, Grouping.STACK, is_idle=True, is_whole=True)
        records = [lines.record(decoded(group)) for group in groups]
        return len(records), self._keep(SignalKind.LOGS, records, len(content), source)[1]

    def keep_logs(self, records: Sequence[LogRecord], size: int, *, source: str = "") -> str:
        """Keep records of logs that came in another form, as so many bytes; return why they were dropped, or "".

        Raises:
            SpoolFull: If there is no room; they are to come again later.
        """
        self._room(source)
        return self._keep(SignalKind.LOGS, records, size, source)[1]

    def _keep(self, kind: SignalKind, records: Sequence[Record], size: int, source: str) -> tuple[int, str]:
        """Keep records; return how many were dropped, for good, and why."""
        tally = self._reader.tally
        if kind in self.off:
            self._drop(f"{kind} switched off", records, source)
            return len(records), f"{kind} are switched off in this workspace"
        if self._budget.spend(kind, size):
            self._spool.write(kind, records)
            tally.add(f"{kind} taken", len(records))
            return 0, ""
        kept: list[Record] = []
        rest: list[Record] = []
        for record in records:
            (kept if isinstance(record, Span) and record.origin else rest).append(record)  # probers' alone
        self._spool.write(kind, kept)
        tally.add(f"{kind} taken", len(kept))
        self._drop(f"{kind} beyond the budget of the day", rest, source)
        why = f"the budget of {kind} for today, {self._budget.most_bytes(kind):,} bytes, is used up"
        return len(rest), why

    def _drop(self, reason: str, records: Sequence[Record], source: str) -> None:
        for service, count in Counter(record.service for record in records).items():
            self._reader.tally.add(reason, count, source=source, service=service)

    def _read(self, kind: SignalKind, message: Any, reader: AttributeReader) -> tuple[list[Record], int]:
        if kind is SignalKind.LOGS:
            return [*read_logs(message, reader)], 0
        read = read_spans if kind is SignalKind.TRACES else read_metrics
        records, refused = read(message, reader)
        return [*records], refused
