"""What is beyond the budget of a day, or what a nearly full disk cannot take, is dropped or refused, and counted."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.telemetry.test_otlp_reading import logs_document

from outrider.model import Origin, begin_trace, new_run_id
from outrider.telemetry.attribute_reader import AttributeReader
from outrider.telemetry.day_ledger import DayBudget, DayLedger, LedgerDay, read_ledger
from outrider.telemetry.disk_room import DiskRoom
from outrider.telemetry.intake import Intake
from outrider.telemetry.limits import Limits, Share, Tally
from outrider.telemetry.otlp_body import JSON, SignalKind
from outrider.telemetry.spool import Spool, SpoolFull, read_segment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY = b"k" * 32
LOGS = json.dumps(logs_document({"body": {"stringValue": "x"}})).encode()
NOON_S, DAY_S = 1_795_867_200.0, 86_400.0


def kept(spool: Spool) -> list[Any]:
    return [record for segment in spool.sealed() for record in read_segment(segment)[1]]


def intake_of(tmp_path: Path, most_bytes: Mapping[SignalKind, int]) -> tuple[Intake, Spool, Tally]:
    reader = AttributeReader(key=KEY)
    spool = Spool(tmp_path / "spool", 1 << 20)
    return Intake(spool, reader, budget=DayBudget(reader.tally, most_bytes)), spool, reader.tally


def test_what_is_beyond_the_budget_is_dropped_for_good_and_counted(tmp_path: Path) -> None:
    """The answer says so as a success in part, which clients do not send again; other signals are taken."""
    intake, spool, tally = intake_of(tmp_path, {SignalKind.LOGS: 2 * len(LOGS)})

    answers = [json.loads(intake.take(SignalKind.LOGS, LOGS, JSON, "")[0]) for _ in range(3)]

    assert answers[:2] == [{}, {}]
    [rejected] = [entry["partialSuccess"] for entry in answers[2:]]
    assert rejected["rejectedLogRecords"] == "1"
    assert "the budget of logs for today" in rejected["errorMessage"]
    assert len(kept(spool)) == 2
    assert tally.counts() == {
        "logs bytes": 3 * len(LOGS), "logs taken": 2, "logs beyond the budget of the day": 1,
    }  # fmt: skip


def test_probers_spans_are_taken_beyond_the_budget(tmp_path: Path) -> None:
    """They are few, and are what an alert explains itself with."""
    intake, spool, tally = intake_of(tmp_path, {SignalKind.TRACES: 1})
    trace = begin_trace(KEY, Origin.SYNTHETIC, new_run_id(1), attempt=1, until_s=round(time.time()) + 60)
    spans = [
        {"traceId": trace.trace_id, "spanId": "1" * 16, "traceState": state, "name": name}
        for name, state in (("prober", f"outrider={trace.state}"), ("user", ""))
    ]
    document = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}

    intake.take(SignalKind.TRACES, json.dumps(document).encode(), JSON, "")

    assert [span.name for span in kept(spool)] == ["prober"]
    assert tally.counts()["traces beyond the budget of the day"] == 1


def test_a_nearly_full_disk_refuses_telemetry_until_there_is_room(tmp_path: Path) -> None:
    """Clients are to send again later; nothing is half taken."""
    free = [50]
    reader, spool = AttributeReader(), Spool(tmp_path, 1 << 20)
    room = DiskRoom(tmp_path, 100, reader.tally, lambda _: free[0])
    intake = Intake(spool, reader, room=room.check)

    with pytest.raises(SpoolFull, match="nearly full: less than 100 bytes"):
        intake.take(SignalKind.LOGS, LOGS, JSON, "")
    assert room.missing_bytes() == 50
    free[0] = 100
    intake.take(SignalKind.LOGS, LOGS, JSON, "")

    assert len(kept(spool)) == 1
    assert reader.tally.counts()["requests refused, disk nearly full"] == 1


def test_the_counts_of_a_day_outlast_a_restart_and_end_with_it(tmp_path: Path) -> None:
    """A budget is no larger for a service that is started again; the next day begins at nothing."""
    now, path = [NOON_S], tmp_path / "telemetry" / "day.json"
    first = Tally()
    ledger = DayLedger(path, first, lambda: now[0])
    first.add("logs bytes", 5)
    ledger.write()

    second = Tally()
    ledger = DayLedger(path, second, lambda: now[0])
    assert second.counts() == {"logs bytes": 5}
    assert not DayBudget(second, {SignalKind.LOGS: 9}).spend(SignalKind.LOGS, 5)
    ledger.write()
    assert read_ledger(path)[:2] == ("2026-11-28", {"logs bytes": 10})

    now[0] += DAY_S
    ledger.write()
    assert read_ledger(path) == LedgerDay("2026-11-29", {}, {})


def test_what_is_dropped_is_counted_by_source_and_service_within_a_bound(tmp_path: Path) -> None:
    """Of a source fifty services are told apart, and twenty sources in all; after a restart, too."""
    path, reader = tmp_path / "day.json", AttributeReader()
    ledger = DayLedger(path, reader.tally, lambda: NOON_S)
    intake = Intake(Spool(tmp_path / "spool", 1 << 20), reader, [SignalKind.LOGS])
    lines = b"".join(b'{"service": "s%d", "msg": "x"}\n' % (number % 60) for number in range(120))

    for source in ("token shop", *(f"token {number}" for number in range(30))):
        intake.take_lines(lines, "application/x-ndjson", "", "", source=source)
    intake.take_lines(b"x" * 99_999, "application/x-ndjson", "", "web", source="token shop")
    ledger.write()
    restored = Tally()
    DayLedger(path, restored, lambda: NOON_S)

    shares = restored.shares()
    assert shares == reader.tally.shares()
    assert shares[Share("logs switched off", "token shop", "s0")] == 2
    assert shares[Share("logs switched off", "token shop", "other")] == 20 + 1
    assert shares[Share("texts cut", "token shop", "other")] == 1
    assert {share.source for share in shares} == {"token shop", *(f"token {number}" for number in range(19)), "other"}
    assert sum(count for share, count in shares.items() if share.reason == "logs switched off") == 31 * 120 + 1


def test_what_is_refused_of_otlp_names_who_sent_it(tmp_path: Path) -> None:
    """Of each signal: spans without ids, points that are no numbers, and attributes beyond a limit."""
    reader = AttributeReader(Limits(attributes=1))
    intake = Intake(Spool(tmp_path / "spool", 1 << 20), reader)
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    pairs = [{"key": key, "value": {"stringValue": "x"}} for key in "ab"]
    points = {"name": "m", "gauge": {"dataPoints": [{"asDouble": "NaN"}]}}
    groups = {
        SignalKind.LOGS: ("resourceLogs", "scopeLogs", "logRecords", {"attributes": pairs}),
        SignalKind.TRACES: ("resourceSpans", "scopeSpans", "spans", {"name": "no ids"}),
        SignalKind.METRICS: ("resourceMetrics", "scopeMetrics", "metrics", points),
    }

    for kind, (group, scope, items, item) in groups.items():
        document = {group: [{"resource": resource, scope: [{items: [item]}]}]}
        intake.take(kind, json.dumps(document).encode(), JSON, "", source="token a")

    assert reader.tally.shares() == {
        Share(reason, "token a", "shop"): 1 for reason in ("attributes left out", "traces refused", "metrics refused")
    }


@pytest.mark.parametrize("content", ["", "[]", '{"day": "x"}', '{"day": "x", "counts": [1]}'])
def test_a_damaged_ledger_is_no_ledger(tmp_path: Path, content: str) -> None:
    """Telemetry is taken all the same."""
    (tmp_path / "day.json").write_text(content)

    assert read_ledger(tmp_path / "day.json") == LedgerDay()
