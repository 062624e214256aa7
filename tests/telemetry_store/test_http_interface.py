"""ClickHouse's HTTP interface over chDB, asked by hand and by clickhouse-connect."""

from __future__ import annotations

import base64
import http.client
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from outrider.model import TelemetryError, TelemetryUnavailable

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient
    from outrider.telemetry_store.engine_process import EngineProcess

COLUMNS = {"n": "UInt64", "tags": "Map(LowCardinality(String), String)"}


def post(engine: EngineProcess, body: bytes, path: str = "/", **headers: str) -> tuple[int, str]:
    """Return status and text of an answer to a request made by hand."""
    login = base64.b64encode(f"outrider:{engine.record.password}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", engine.record.port, timeout=60)
    try:
        connection.request("POST", path, body, {"Authorization": f"Basic {login}", **headers})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_repeated_insert_changes_neither_the_table_nor_its_rollup(client: ClickHouseClient) -> None:
    """A batch whose answer was lost is sent again: the target of a materialized view needs a window of its own."""
    name, window = client.database, "SETTINGS non_replicated_deduplication_window = 100"
    client.command(f"CREATE TABLE {name}.t (n UInt64, tags {COLUMNS['tags']}) ENGINE = MergeTree ORDER BY n {window}")
    client.command(
        f"CREATE TABLE {name}.r (n UInt64, c SimpleAggregateFunction(sum, UInt64))"
        f" ENGINE = AggregatingMergeTree ORDER BY n {window}"
    )
    client.command(f"CREATE MATERIALIZED VIEW {name}.v TO {name}.r AS SELECT n, count() c FROM {name}.t GROUP BY n")

    for token in ("a'\\", "a'\\", "b", "a'\\"):
        client.insert("t", COLUMNS, [[1, 2], [{"key": "it's\n"}, {}]], token=token)

    assert client.query(f"SELECT n, tags FROM {name}.t WHERE n = 1").rows == [(1, {"key": "it's\n"})] * 2
    assert client.query(f"SELECT n, sum(c) FROM {name}.r GROUP BY n ORDER BY n").rows == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    "text", ["plain", "it's", 'a "b"', "back\\slash", "line\nbreak\ttab", "\r\n--", "{x:String}", "ü💡", ""]
)
def test_a_parameter_arrives_as_it_was_given(client: ClickHouseClient, text: str) -> None:
    """What users type is a value, whatever it holds; beyond 4 kB the client sends it as a field of a form."""
    assert client.query("SELECT {text:String}", {"text": text}).rows == [(text,)]
    long = text * 2_000
    assert client.query("SELECT {text:String}, {ids:Array(String)}", {"text": long, "ids": [text] * 1_000}).rows == [
        (long, [text] * 1_000)
    ]


def test_a_setting_holds_for_its_query_alone(client: ClickHouseClient) -> None:
    """Limits of one query do not reach the next."""
    sql = "SELECT getSetting('max_threads')"

    assert client.query(sql, settings={"max_threads": 7}).rows == [(7,)]
    assert client.query(sql).rows != [(7,)]
    with pytest.raises(TelemetryError, match="readonly"):
        client.query("SELECT 1 UNION ALL SELECT * FROM system.one SETTINGS max_threads = 1", settings={"readonly": 1})


def test_a_query_that_takes_too_long_or_too_much_is_ended(client: ClickHouseClient) -> None:
    """A limit is told apart from a wrong query: the same one may succeed later."""
    with pytest.raises(TelemetryUnavailable, match="takes too long"):
        client.query("SELECT sum(sipHash64(number)) FROM numbers(1e11)", settings={"max_execution_time": 1})
    with pytest.raises(TelemetryUnavailable, match="too much memory"):
        client.query("SELECT groupArray(number) FROM numbers(1e8)", settings={"max_memory_usage": 10_000_000})
    with pytest.raises(TelemetryError, match="nowhere") as caught:
        client.query("SELECT * FROM nowhere")
    assert not isinstance(caught.value, TelemetryUnavailable)


def test_a_read_waits_for_no_insert(client: ClickHouseClient) -> None:
    """Reads have handles of their own: a page answers while a batch is written."""
    slow = threading.Thread(
        target=client.command, args=(f"CREATE TABLE {client.database}.s ENGINE = Memory AS SELECT sleep(1)",)
    )
    slow.start()

    assert client.command("SELECT 1") == "1"
    assert slow.is_alive()
    slow.join()


def test_threads_that_ended_keep_no_connection(client: ClickHouseClient) -> None:
    """The engine answers 64 at once and keeps idle ones for two minutes: a hundred threads need one in all."""
    answered: list[tuple[object, ...]] = []
    for number in range(100):
        thread = threading.Thread(target=lambda own=number: answered.extend(client.query(f"SELECT {own}").rows))
        thread.start()
        thread.join()

    assert answered == [(number,) for number in range(100)]


def test_a_wrong_password_opens_nothing(engine: EngineProcess) -> None:
    """Every user of the machine reaches loopback."""
    status, text = post(engine, b"SELECT 1", Authorization="Basic b3V0cmlkZXI6")

    assert (status, "Authentication failed" in text) == (403, True)


@pytest.mark.parametrize(
    ("body", "path", "status", "answer"),
    [
        (b"SELECT 1", "/", 200, "1\n"),
        (b"SELECT 1 AS a FORMAT JSONEachRow", "/", 200, '{"a":1}\n'),
        (b"", "/?query=" + quote("SELECT {a:UInt8}") + "&param_a=5", 200, "5\n"),
        (b"SELECT {a:UInt8}", "/?param_a=x", 500, "BAD_QUERY_PARAMETER"),
        (b"SELECT 1", "/?max_thr%65ads%20x=1", 400, "is no setting"),
        (b"SELECT 1", "/?nonsense=1", 500, "UNKNOWN_SETTING"),
        (b"\xff\xfe", "/", 400, "decode"),
        (b"", "/", 400, "is empty"),
        (b"SELECT '" + b"x" * 1_100_000 + b"'", "/", 400, "longer than 1 MB"),
        (b"INSERT INTO nowhere (a) FORMAT Native\n\x01\x02", "/", 500, "UNKNOWN_TABLE"),
    ],
)
def test_bad_requests_get_an_answer_that_says_why(
    engine: EngineProcess, body: bytes, path: str, status: int, answer: str
) -> None:
    """Whatever is sent, the engine answers the next request."""
    told, text = post(engine, body, path)

    assert (told, answer in text) == (status, True), text
    assert post(engine, b"SELECT 1")[0] == 200


def test_a_compressed_body_is_refused_and_the_next_request_answered(engine: EngineProcess) -> None:
    """Whoever compresses is told; our client does not on loopback."""
    encoded = {"Content-Encoding": "lz4"}

    assert post(engine, b"SELECT 1", "/", **encoded) == (400, "Code: 1000. send bodies without compression")
    assert post(engine, b"SELECT 1")[0] == 200


def test_a_damaged_insert_stores_nothing(client: ClickHouseClient, engine: EngineProcess) -> None:
    """A batch is there as a whole or not at all."""
    client.command(f"CREATE TABLE {client.database}.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    insert = f"INSERT INTO {client.database}.t (n) FORMAT JSONEachRow\n".encode()

    status, _ = post(engine, insert + b'{"n": 1}\n{"n": "x"')

    assert (status, client.command(f"SELECT count() FROM {client.database}.t")) == (500, "0")
