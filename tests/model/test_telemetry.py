"""Values of telemetry."""

from __future__ import annotations

import pickle

from outrider.model import LogRecord, Origin, Span, TelemetryError, TelemetryUnavailable


def test_a_record_is_a_users_unless_something_says_otherwise() -> None:
    """Only a verified signature makes traffic synthetic."""
    record = LogRecord(1, "", "", 0, "INFO", 9, "front", "started", {}, "", "", {})
    span = Span(1, "a" * 32, "b" * 16, "", "", "GET /", "Server", "front", {}, "", "", {}, 5)

    assert record.origin == span.origin == Origin.USER
    assert span.sample_rate == 1


def test_a_record_survives_a_way_between_processes() -> None:
    """Batches may wait in another process."""
    record = LogRecord(1, "", "", 0, "INFO", 9, "front", "started", {"a": "b"}, "", "", {}, origin=Origin.LOAD)

    assert pickle.loads(pickle.dumps(record)) == record


def test_what_may_succeed_later_is_told_apart() -> None:
    """A spool keeps what cannot be stored now, and drops what can never be."""
    assert issubclass(TelemetryUnavailable, TelemetryError)
    assert not issubclass(TelemetryError, TelemetryUnavailable)
