"""Patterns of log records: the engine masks what differs in form, and lines that differ in a few words are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.telemetry_store.samples import log_record

from outrider.telemetry_store import QueryText, spoken_parts
from outrider.telemetry_store.pattern_tree import PatternTree
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.telemetry_store.telemetry_search import TelemetrySearch

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient


def texts(*templates: str, most: int = 100) -> list[str]:
    tree = PatternTree(most)
    nodes = [tree.find(template) for template in templates]
    return list(dict.fromkeys(node.text if node else "none" for node in nodes))


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        (["user ada logged in", "user bob logged in"], ["user * logged in"]),
        (["connection refused", "connection reset"], ["connection refused", "connection reset"]),
        (["GET /a took * ms", "POST /a took * ms"], ["GET /a took * ms", "POST /a took * ms"]),
        (["cart * is empty now", "cart * was full then"], ["cart * is empty now", "cart * was full then"]),
        (["* rows read", "* rows written"], ["* rows *"]),
        (["", " "], [""]),
    ],
)
def test_lines_that_share_most_words_are_one_pattern(templates: list[str], expected: list[str]) -> None:
    """Of two words both, of three two; the first word tells lines apart unless it is masked."""
    assert texts(*templates) == expected


def test_there_are_no_more_patterns_than_allowed() -> None:
    """Lines of a known one still find it."""
    assert texts("a b", "c d", "e f", "a b", most=2) == ["a b", "c d", "none"]


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_lines_have_patterns_as_long_as_they_are(lines: list[str]) -> None:
    """Bounded in number and words."""
    tree = PatternTree(10)

    for line in lines:
        node = tree.find(line)
        assert node is None or len(node.words) == max(1, min(60, len(line.split())))
    assert tree.size <= 10


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("user * logged in from *", ("user", "logged in from")),
        ("id=* status=*", ()),
        ("* rows * in the table * of shard * at *", ("rows", "in the table", "of shard")),
    ],
)
def test_a_pattern_is_searched_by_what_all_its_lines_say(pattern: str, expected: tuple[str, ...]) -> None:
    """The longest parts, in their order."""
    assert spoken_parts(pattern) == expected


def test_records_are_counted_by_what_they_say(shared: ClickHouseClient, service: str) -> None:
    """Numbers, ids, addresses and times are masked; lines below the first do not count, and services stay apart."""
    said = [
        f"order {number} of ada{number} paid 12.50 EUR at 2026-11-29T0{number}:00:00.123 from 10.0.0.{number}:80"
        for number in range(7)
    ]
    failed = [f"timed out after {number}ms\n  at pay.py:{number}" for number in range(3)]
    traces = [f"trace 4bf92f3577b34da6a3ce929d0e0e473{number} (0x7ffe{number}) done" for number in range(2)]
    TelemetryTables(shared).insert_logs(
        [
            *(log_record(service, text, ago_s=60 + number) for number, text in enumerate(said)),
            *(log_record(service, text, severity_number=17) for text in failed),
            *(log_record(service, text) for text in traces),
            log_record(f"{service}-other", said[0]),
        ],
        token=service,
    )
    search = TelemetrySearch(shared)

    found = search.log_patterns(f"service:{service}*")

    assert {(row.service, row.text): row.count for row in found.rows} == {
        (service, "order * of ada* paid * EUR at * from *"): 7,
        (service, "timed out after *ms"): 3,
        (service, "trace * (*) done"): 2,
        (f"{service}-other", "order * of ada* paid * EUR at * from *"): 1,
    }
    assert (found.count, found.is_complete) == (13, True)
    assert [row.severity_number for row in found.rows] == [9, 17, 9, 9]
    assert found.rows[0].last_ns - found.rows[0].first_ns == 6 * 10**9
    again = QueryText(f"service:{service}").saying(spoken_parts(found.rows[0].text))
    assert len(search.search_logs(again).rows) == 7
