"""Reports of Sentry's clients on what they lost themselves: limits, a full queue, a sampler.

https://develop.sentry.dev/sdk/telemetry/client-reports/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST: Final = 50
_LARGEST: Final = 10**9
_CATEGORIES: Final = frozenset({
    "error", "default", "transaction", "span", "session", "log_item", "log_byte", "attachment", "replay", "profile",
    "monitor", "feedback", "trace_metric", "security", "metric_bucket",
})  # fmt: skip
_REASONS: Final = frozenset({
    "queue_overflow", "cache_overflow", "buffer_overflow", "ratelimit_backoff", "network_error", "sample_rate",
    "before_send", "event_processor", "send_error", "internal_sdk_error", "insufficient_data", "backpressure",
})  # fmt: skip


def losses(document: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield category, reason and number of what a client lost; words that nobody knows are `other`."""
    entries = document.get("discarded_events")
    for entry in entries[:_MOST] if isinstance(entries, list) else ():
        count = entry.get("quantity") if isinstance(entry, dict) else None
        if isinstance(count, int) and 0 < count <= _LARGEST:
            yield _known(entry.get("category"), _CATEGORIES), _known(entry.get("reason"), _REASONS), count


def _known(word: object, words: frozenset[str]) -> str:
    return word if isinstance(word, str) and word in words else "other"
