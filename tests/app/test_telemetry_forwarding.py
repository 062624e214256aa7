"""A copy of what a workspace takes reaches another endpoint once, whatever that does, and slows nothing."""

from __future__ import annotations

import gzip
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from tests.telemetry.test_spool import POINTS, SPAN, log_record
from tests.waiting import until

from outrider.app.access.workspace_access import open_store
from outrider.app.records.token_registry import create_token
from outrider.app.service.run_sender import RunSender
from outrider.app.telemetry.telemetry_ingest import SPOOL_FOLDER, TelemetryIngest
from outrider.model import ConfigErrors, Origin, Role, TelemetryUnavailable, TokenKind
from outrider.telemetry import FORWARDED_BY, Forwarder, ForwardQueue, ForwardTarget, SignalKind, Spool, Tally
from outrider.telemetry.forwarder import NotNow
from outrider.telemetry.otlp_request import request_body
from outrider.telemetry.spool import read_segment
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.workspace import Workspace

ALL = frozenset(SignalKind)
PROTOBUF = {"content-type": "application/x-protobuf"}


class AwayStore:
    """A store that is never there, so that what is taken stays in the spool, to be looked at."""

    def _refuse(self, *_: Any, token: str) -> None:
        raise TelemetryUnavailable(token, slug="telemetry-unavailable")

    insert_logs = insert_spans = insert_metrics = count_spans = _refuse


def workspace_of(root: Path, listen: str, more: str = "", secret: str = "none") -> Workspace:
    root.mkdir(exist_ok=True)
    (root / "token.txt").write_text(f"Bearer {secret}", encoding="utf-8")
    text = f'[secrets]\nTOKEN = {{file = "token.txt"}}\n[telemetry]\nlisten = "{listen}"\n{more}'
    (root / "outrider.toml").write_text(text, encoding="utf-8")
    return load(root)


@contextmanager
def taking(workspace: Workspace) -> Iterator[TelemetryIngest]:
    with open_store(workspace) as store, TelemetryIngest(workspace, store, AwayStore()) as ingest:
        yield ingest


def in_spool(workspace: Workspace) -> dict[SignalKind, list[Any]]:
    records: dict[SignalKind, list[Any]] = {kind: [] for kind in SignalKind}
    for segment in sorted((workspace.state / SPOOL_FOLDER).iterdir()):
        kind, batch = read_segment(segment)
        records[kind] += batch
    return records


def test_what_one_ingest_takes_another_receives(tmp_path: Path) -> None:
    """Scrubbed, all signals, through a token that is a secret, and although the store of the first is away."""
    target = workspace_of(tmp_path / "b", "0.0.0.0:0")
    with ExitStack() as stack:
        store = stack.enter_context(open_store(target))
        token = create_token(store, "a", TokenKind.INGEST, role=Role.VIEWER, lifetime_s=None, check="").secret
        other = stack.enter_context(TelemetryIngest(target, store, AwayStore()))
        address = other.address.replace("0.0.0.0", "127.0.0.1")
        forward = f'[telemetry.forward]\nurl = "{address}"\nheaders = {{authorization = "TOKEN"}}\n'
        source = workspace_of(tmp_path / "a", "127.0.0.1:0", forward, token)
        ingest = stack.enter_context(taking(source))
        bodies = {
            SignalKind.LOGS: request_body(SignalKind.LOGS, [log_record("pay ada@example.org"), log_record("two")]),
            SignalKind.TRACES: request_body(SignalKind.TRACES, [SPAN]),
            SignalKind.METRICS: request_body(SignalKind.METRICS, POINTS),
        }
        for kind, body in bodies.items():
            assert httpx.post(f"{ingest.address}/v1/{kind}", content=body, headers=PROTOBUF).status_code == 200

        until(lambda: {f"{kind} forwarded" for kind in SignalKind} <= ingest.tally.counts().keys())
        counts = ingest.tally.counts()
    sent, received = in_spool(source), in_spool(target)

    assert [counts[f"{kind} forwarded"] for kind in SignalKind] == [2, 1, 5]
    assert [record.body for record in received[SignalKind.LOGS]] == ["pay ***", "two"]
    assert len(received[SignalKind.METRICS]) == 5
    for kind in SignalKind:
        assert [_timeless(row) for row in received[kind]] == [_timeless(row) for row in sent[kind]]


def _timeless(record: Any) -> Any:
    """Return a record without the time, which each ingest sets where the client's is too far from its own."""
    changes: dict[str, Any] = {"time_ns": 0}
    if hasattr(record, "events"):
        changes["events"] = tuple(event._replace(time_ns=0) for event in record.events)
    return record._replace(**changes)


class Endpoint(HTTPServer):
    """Takes OTLP over HTTP, and answers as it is told: the first answers once each, the last for good."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = [*answers] or [(200, {}, b"")]
        self.bodies: list[list[str]] = []
        self.senders: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Endpoint)
        data = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        status, headers, body = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        groups = ExportLogsServiceRequest.FromString(data).resource_logs
        records = [record for group in groups for scope in group.scope_logs for record in scope.log_records]
        if status == 413 and len(records) == 1:
            status = 200
        if status == 200:
            server.bodies.append([record.body.string_value for record in records])
        server.senders.append(self.headers[FORWARDED_BY])
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[Endpoint]:
    server = Endpoint(*answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def queued(root: Path, tally: Tally, *segments: list[str], most_bytes: int = 1 << 20) -> ForwardQueue:
    """Return a queue with a segment for each list of bodies, which the spool does not hold any more."""
    queue = ForwardQueue(root / "forward", most_bytes, ALL, tally)
    spool = Spool(root / "spool", 1 << 20, on_seal=queue.add)
    for bodies in segments:
        for body in bodies:
            spool.write(SignalKind.LOGS, [log_record(body)])
        for segment in spool.sealed():
            spool.forget(segment)
    return queue


def test_a_dead_endpoint_loses_nothing(tmp_path: Path) -> None:
    """What waits is sent by the next process, in order and once, when somebody listens; an asked pause is kept."""
    tally = Tally()
    queue = queued(tmp_path, tally, ["a", "b"], ["c"])
    with pytest.raises(NotNow, match="refused"):
        Forwarder(queue, ForwardTarget("http://127.0.0.1:9"), tally).send()
    again = ForwardQueue(tmp_path / "forward", 1 << 20, ALL, tally)
    with answering((200, {}, b""), (503, {"Retry-After": "7"}, b""), (200, {}, b"")) as endpoint:
        forwarder = Forwarder(again, ForwardTarget(endpoint.url), tally)
        with pytest.raises(NotNow) as pause:
            forwarder.send()
        forwarder.send()
        forwarder.send()

    assert pause.value.wait_s == 7
    assert endpoint.bodies == [["a", "b"], ["c"]]
    assert tally.counts() == {"logs forwarded": 3}
    assert again.waiting() == []


def test_a_segment_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """By bytes: what was sent of it before the process ended is not sent again."""
    tally = Tally()
    queue = queued(tmp_path, tally, ["a", "b", "c"])
    (segment,) = queue.waiting()
    queue.sent(segment, len(segment.read_bytes().split(b"\n")[0]) + 1)
    with answering() as endpoint:
        Forwarder(ForwardQueue(tmp_path / "forward", 1 << 20, ALL, tally), ForwardTarget(endpoint.url), tally).send()

    assert endpoint.bodies == [["b", "c"]]


def test_what_is_dropped_is_counted(tmp_path: Path) -> None:
    """The oldest beyond the size of the queue; what is refused for good, wholly or in part; nothing is sent twice."""
    tally = Tally()
    queue = queued(tmp_path, tally, ["x" * 5_000, "y"], ["b", "c"], ["d"], ["e"], most_bytes=3_000)
    partial = ExportLogsServiceResponse()
    partial.partial_success.rejected_log_records = 1
    with answering((200, {}, partial.SerializeToString()), (400, {}, b""), (200, {}, b"")) as endpoint:
        Forwarder(queue, ForwardTarget(endpoint.url), tally).send()

    assert endpoint.bodies == [["b", "c"], ["e"]]
    assert tally.counts() == {
        "logs not forwarded, queue full": 2, "logs not forwarded, refused": 2, "logs forwarded": 2,
    }  # fmt: skip


def test_what_is_too_large_is_sent_in_halves(tmp_path: Path) -> None:
    """Down to one record."""
    tally = Tally()
    queue = queued(tmp_path, tally, ["a", "b", "c"])
    with answering((413, {}, b"")) as endpoint:
        Forwarder(queue, ForwardTarget(endpoint.url), tally).send()

    assert endpoint.bodies == [["a"], ["b"], ["c"]]


def test_nothing_is_queued_while_it_is_off(tmp_path: Path) -> None:
    """Nor sent; other signals than those that are named neither."""
    queue = ForwardQueue(tmp_path / "forward", 1 << 20, frozenset({SignalKind.TRACES}), Tally(), is_on=False)
    spool = Spool(tmp_path / "spool", 1 << 20, on_seal=queue.add)
    spool.write(SignalKind.TRACES, [SPAN])
    spool.sealed()
    queue.is_on = True
    spool.write(SignalKind.LOGS, [log_record("a")])
    spool.sealed()

    assert queue.waiting() == []


def test_an_ingest_refuses_what_its_workspace_sent(tmp_path: Path) -> None:
    """Whatever way it came back, since it names its sender; for good, so that it goes round once."""
    with answering() as endpoint:
        source = workspace_of(tmp_path / "a", "127.0.0.1:0", f'[telemetry.forward]\nurl = "{endpoint.url}"\n')
        with taking(source) as ingest:
            body = request_body(SignalKind.LOGS, [log_record("a")])
            httpx.post(f"{ingest.address}/v1/logs", content=body, headers=PROTOBUF)
            until(lambda: endpoint.senders != [])
            again = {**PROTOBUF, FORWARDED_BY: endpoint.senders[0]}
            answer = httpx.post(f"{ingest.address}/v1/logs", content=body, headers=again)

    assert answer.status_code == 400
    assert b"leads back" in answer.content


@pytest.mark.parametrize(
    ("listen", "section", "slug"),
    [
        ("127.0.0.1:4318", 'url = "http://localhost:4318"', "bad-url"),
        ("0.0.0.0:80", 'url = "http://[::1]/x"', "bad-url"),
        ("127.0.0.1:4318", 'url = "http://user:pass@host"', "bad-url"),
        ("127.0.0.1:4318", 'url = "http://host"\nheaders = {authorization = "Bearer x"}', "unknown-secret"),
        ("127.0.0.1:4318", 'url = "http://host"\nsignals = ["log"]', "wrong-type"),
    ],
)
def test_a_wrong_section_is_told(tmp_path: Path, listen: str, section: str, slug: str) -> None:
    """An address of our own among them."""
    with pytest.raises(ConfigErrors) as refusal:
        workspace_of(tmp_path, listen, f"[telemetry.forward]\n{section}\n")

    assert [problem.slug for problem in refusal.value.problems] == [slug]


def test_runs_that_are_sent_to_the_own_ingest_are_no_users_traffic(tmp_path: Path) -> None:
    """Each span of a run is signed as a prober's, so `outrider` is not judged as a service."""
    from tests.app.test_run_sender import failed_run

    workspace = workspace_of(tmp_path / "a", "127.0.0.1:0")
    with taking(workspace) as ingest:
        text = (tmp_path / "a" / "outrider.toml").read_text("utf-8")
        (tmp_path / "a" / "outrider.toml").write_text(f'{text}\n[otel]\nendpoint = "{ingest.address}"\n', "utf-8")
        sender = RunSender(load(tmp_path / "a"))
        sender.run_finished(failed_run(), [])
        sender.close()
        until(lambda: ingest.tally.counts().get("traces taken") == 4)
    spans = in_spool(workspace)[SignalKind.TRACES]

    assert [span.origin for span in spans] == [Origin.SYNTHETIC] * 4
