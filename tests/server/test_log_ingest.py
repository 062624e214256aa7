"""Logs that clients of Loki, and of nothing but HTTP, send are kept, and clients are answered as they understand it."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from outrider.server.http_server import Background, listen
from outrider.server.ingest_routes import ingest_application
from outrider.telemetry import AttributeReader, Intake, Limits, SignalKind, Spool, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PUSH = "/loki/api/v1/push"
# Two lines as `logproto.PushRequest`, compressed by Rust's snappy (cramjam 2.14): labels with escapes, a trace.
SNAPPY = bytes.fromhex(
    "e501f0650ae2010a307b6a6f623d2273686f702f706179222c206c6576656c3d226572726f72222c20706174683d22433a5c5c785c2279227d127a"
    "0a080880f7c4d506100512317061796d656e7420726566757365642c207061796d656e7420726566757365642c2070362200f0491a2c0a08747261"
    "63655f6964122034626639326633353737623334646136613363653932396430653065343733361a0d0a056f7264657212043437313112300a0608"
    "81f7c4d50612267036580001a9327a001c20616761696e1807"
)
PROTOBUF = {"content-type": "application/x-protobuf"}
AS_JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 100_000)


@contextmanager
def serving(spool: Spool, *off: SignalKind, limits: Limits | None = None, **switches: Any) -> Iterator[httpx.Client]:
    reader = AttributeReader(limits or Limits(), now_ns=lambda: 1_790_000_000 * 10**9)
    listener = listen("127.0.0.1", 0)
    routes = ingest_application(Intake(spool, reader, off), lambda _request: "here", **switches)
    server = Background(routes, listener)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
    finally:
        server.close()


def kept(spool: Spool) -> list[Any]:
    return [record for segment in spool.sealed() for record in read_segment(segment)[1]]


def test_a_push_in_protobuf_is_kept(spool: Spool) -> None:
    """With its labels as resource, its metadata as attributes, its trace, and times to the nanosecond."""
    with serving(spool) as client:
        answer = client.post(PUSH, content=SNAPPY, headers=PROTOBUF)

    assert (answer.status_code, answer.content) == (204, b"")
    first, second = kept(spool)
    assert (first.body, first.service, first.severity_number) == (", ".join(["payment refused"] * 3), "shop/pay", 17)
    assert (first.trace_id, first.time_ns, first.attributes) == (TRACE, 1_790_000_000 * 10**9 + 5, {"order": "4711"})
    assert first.resource["path"] == 'C:\\x"y'
    assert (second.body, second.time_ns) == ("payment refused, payment refused again", 1_790_000_001 * 10**9)


def test_a_push_in_json_is_kept(spool: Spool) -> None:
    """Streams as they are, and as clients before Loki 0.4 wrote them; a line of JSON is read as one."""
    line = json.dumps({"msg": "slow", "level": "warn", "trace_id": TRACE, "password": "hunter2"})
    streams = [
        {
            "stream": {"app": "shop"},
            "values": [["1790000000000000001", line], ["1790000000000000002", "b", {"k": 1}]],
        },
        {"labels": '{service="cart"}', "entries": [{"ts": "2026-09-21T14:13:20.5Z", "line": "c"}]},
    ]
    with serving(spool) as client:
        answer = client.post(PUSH, json={"streams": streams})

    assert answer.status_code == 204
    slow, second, third = kept(spool)
    assert (slow.body, slow.severity_number, slow.trace_id, slow.service) == ("slow", 13, TRACE, "shop")
    assert (slow.attributes, slow.time_ns) == ({"password": "***"}, 1_790_000_000_000_000_001)
    assert (second.body, second.attributes) == ("b", {"k": "1"})
    assert (third.service, third.time_ns) == ("cart", 1_790_000_000_500_000_000)


def test_lines_are_kept(spool: Spool) -> None:
    """JSON and text, Latin-1 and binary, a stack below its line; the address names the service of what names none."""
    content = (
        b'{"level":50,"time":1790000000123,"msg":"refused","service":"pay"}\n'
        b"2026-09-21T14:13:20Z ERROR no caf\xe9\n  at shop.js:7\n\n\x00\x01\n"
    )
    with serving(spool) as client:
        answer = client.post("/ndjson?service=shop", content=content, headers=LINES)

    assert answer.json() == {"accepted": 3}
    refused, error, binary = kept(spool)
    assert (refused.service, refused.severity_number, refused.time_ns) == ("pay", 17, 1_790_000_000_123_000_000)
    assert (error.service, error.body) == ("shop", "2026-09-21T14:13:20Z ERROR no café\n  at shop.js:7")
    assert binary.body.isprintable()


@pytest.mark.parametrize(
    ("path", "content", "headers", "expected"),
    [
        (PUSH, SNAPPY[:50], PROTOBUF, (400, "cut short")),
        (PUSH, b"\xff" * 9, PROTOBUF, (400, "it has no length")),
        (PUSH, b"\x05\x10hello", PROTOBUF, (400, "is no push of Loki")),
        (PUSH, b"\x04\x01\x09", PROTOBUF, (400, "refers to what is not there")),
        (PUSH, b"\xff\xff\xff\xff\x0f" + b"\0a" * 9, PROTOBUF, (413, "inflates to more than")),
        (PUSH, b'{"streams":[{"stream":{},"values":[["1",5]]}]}', AS_JSON, (400, "no text")),
        (PUSH, b'{"streams":[{"stream":{},"values":[[1e999,""]]}]}', AS_JSON, (400, "push")),
        (PUSH, b'{"streams":' + b"[" * 9_000, AS_JSON, (400, "no push of Loki")),
        (PUSH, b"{}", {"content-type": "text/plain"}, (415, "application/x-protobuf or application/json")),
        ("/ndjson", b"a\n" * 9, LINES, (413, "more than 5 lines")),
        ("/ndjson", b"a", {"content-type": "text/plain"}, (415, "application/x-ndjson")),
        ("/ndjson", b"a", LINES | {"content-encoding": "br"}, (415, "gzip")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    spool: Spool, path: str, content: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """With a status that clients take for final, and the reason; text/plain, which any web page may send, is none."""
    with serving(spool, limits=Limits(records=5)) as client:
        answer = client.post(path, content=content, headers=headers)

    assert answer.status_code == expected[0]
    assert expected[1] in answer.text
    assert kept(spool) == []


def test_what_is_switched_off_is_answered_politely(spool: Spool) -> None:
    """Logs with success and the reason, so that nobody sends again; a receiver that is off is not there."""
    with serving(spool, SignalKind.LOGS) as client:
        push = client.post(PUSH, content=SNAPPY, headers=PROTOBUF)
        lines = client.post("/ndjson", content=b"a\nb\n", headers=LINES)
    with serving(spool, loki=False, ndjson=False) as client:
        gone = [client.post(path, content=b"a", headers=LINES).status_code for path in (PUSH, "/ndjson")]

    assert (push.status_code, push.headers["x-outrider-dropped"]) == (204, "logs are switched off in this workspace")
    assert lines.json() == {"accepted": 0, "rejected": 2, "message": "logs are switched off in this workspace"}
    assert gone == [404, 404]
    assert kept(spool) == []


def test_a_full_spool_asks_clients_to_come_again(spool: Spool) -> None:
    """503 with Retry-After, after which Loki's clients send again."""
    content = b"x" * 60_000
    with serving(spool) as client:
        statuses = [client.post("/ndjson", content=content, headers=LINES).status_code for _ in range(2)]

    assert statuses == [200, 503]


def test_a_token_may_be_the_password_of_basic_authentication() -> None:
    """As clients of Loki send it."""
    from outrider.server.ingest_access import _password

    assert _password(base64.b64encode(b"shop:out_12:3").decode()) == "out_12:3"
    assert [_password(text) for text in ("", "%", "/w==", "YQ==")] == ["", "", "", ""]
