"""Which spans are kept in full: errors, slow ones and probers' always, the rest by rate, whole traces at a time.

Whether a trace belongs to the share that is kept follows from its id alone: so every process decides alike, and a
service with a higher rate keeps all traces that one with a lower rate keeps. What is not kept is counted all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.model import Span

_RANGE: Final = 1 << 64
_NS: Final = 10**9
_FAILED: Final = "Error"


@dataclass(frozen=True, slots=True)
class KeepRules:
    """Which spans are kept.

    Attributes:
        rate: Share of traces that is kept, 0 to 1, of services that are not listed.
        rates: The share of each listed service.
        slow_s: Spans from this duration on keep their trace; None for none.
        slow_operations_s: The same of operations by name, in the place of `slow_s`.
    """

    rate: float = 1.0
    rates: Mapping[str, float] = field(default_factory=dict)
    slow_s: float | None = 1.0
    slow_operations_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def keeps_everything(self) -> bool:
        """Whether nothing is left out."""
        return min(self.rate, *self.rates.values(), 1.0) >= 1

    def is_notable(self, span: Span) -> bool:
        """Return whether a span keeps its trace, whatever the rate."""
        if span.origin or span.status == _FAILED:
            return True
        slow_s = self.slow_operations_s.get(span.name, self.slow_s)
        return slow_s is not None and span.duration_ns >= slow_s * _NS


class SpanSampler:
    """Divides batches of spans; the same batch is divided the same way each time."""

    def __init__(self, rules: KeepRules) -> None:
        self._rules = rules

    def divide(self, spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
        """Return the spans that are kept, and those that are only counted.

        A trace with an error, a slow span or a prober's span is kept as far as it is in this batch. A span that was
        kept for its trace's share says how many it stands for (`sample_rate`).
        """
        rules = self._rules
        if rules.keeps_everything:
            return [*spans], []
        notable = {span.trace_id for span in spans if rules.is_notable(span)}
        kept: list[Span] = []
        counted: list[Span] = []
        for span in spans:
            rate = rules.rates.get(span.service, rules.rate)
            if rate >= 1 or span.trace_id in notable:
                kept.append(span)
            elif trace_share(span.trace_id) < rate:
                kept.append(span._replace(sample_rate=span.sample_rate * round(1 / rate)))
            else:
                counted.append(span)
        return kept, counted


def trace_share(trace_id: str) -> float:
    """Return where the id of a trace lies between 0 and 1: evenly, also where ids are counted up."""
    return int.from_bytes(hashlib.blake2b(trace_id.encode(), digest_size=8).digest(), "big") / _RANGE
