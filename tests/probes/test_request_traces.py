"""Every attempt of a probe that makes requests is a trace of its own, which its requests name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tests.listeners import serving
from wsproto.utilities import generate_accept_token

from outrider.model import Origin, Outcome, begin_trace, origin_of

if TYPE_CHECKING:
    from socket import socket

    from tests.probes.conftest import Bench

    from outrider.model import Measurement, Order, TraceContext

KEY = b"k" * 32
UNTIL_S = 1_790_000_000


def begin(order: Order) -> TraceContext:
    return begin_trace(KEY, Origin.SYNTHETIC, order.run, attempt=order.attempt, until_s=UNTIL_S)


def measured(bench: Bench, text: str) -> tuple[Measurement, str]:
    """Return a measurement with evidence, and what the server was sent."""
    measurement = bench.measure(text, evidence=True, begin_trace=begin)
    [log] = [artifact for artifact in measurement.artifacts if artifact.name == "exchange.log"]
    return measurement, log.path.read_text(encoding="utf-8")


def test_a_request_names_the_trace_of_its_attempt(bench: Bench, site: str) -> None:
    """By the W3C's header, and Sentry's; the attempt keeps the id, and its signature holds."""
    measurement, sent = measured(bench, f'[a]\nkind = "http"\nurl = "{site}/echo"\n')

    [trace_id] = measurement.trace_ids
    assert measurement.outcome is Outcome.PASSED
    assert re.search(rf"(?i)^> traceparent: 00-{trace_id}-[0-9a-f]{{16}}-01", sent, re.MULTILINE)
    assert re.search(rf"(?i)^> sentry-trace: {trace_id}-[0-9a-f]{{16}}-1", sent, re.MULTILINE)
    state = re.search(r"(?i)^> tracestate: (.*?)\s*$", sent, re.MULTILINE)
    assert state is not None
    assert origin_of(KEY, trace_id, state[1], 1.0) is Origin.SYNTHETIC


def test_a_header_of_the_probe_stays(bench: Bench, site: str) -> None:
    """Who sends a trace of their own knows why; ours is not put beside it."""
    headers = 'headers = {Traceparent = "00-11111111111111111111111111111111-2222222222222222-01"}'

    measurement, sent = measured(bench, f'[a]\nkind = "http"\nurl = "{site}/echo"\n{headers}\n')

    assert sent.lower().count("traceparent:") == 1
    assert "outrider=" not in sent
    assert measurement.trace_ids == ()


def test_requests_name_no_trace_unless_telemetry_is_taken(bench: Bench, site: str) -> None:
    """A probe sends what it always sent."""
    measurement = bench.measure(f'[a]\nkind = "http"\nurl = "{site}/echo"\nexpect.absent = "traceparent"\n')

    assert measurement.outcome is Outcome.PASSED
    assert measurement.trace_ids == ()


def test_a_redirect_to_another_origin_carries_no_trace(bench: Bench, site: str) -> None:
    """Neither ids nor the signed state leave the origin that the probe names; within it they stay."""
    other = site.replace("127.0.0.1", "localhost")
    keys = '\nexpect.absent = "traceparent"\n'

    away, _ = measured(bench, f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to={other}/echo"{keys}')
    stays, _ = measured(bench, f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to={site}/echo"{keys}')

    assert away.outcome is Outcome.PASSED, away.reason
    assert stays.outcome is Outcome.FAILED


def upgrade(heads: list[str], connection: socket) -> None:
    """Answer an upgrade, keep its head, and wait for the end."""
    head = b""
    while b"\r\n\r\n" not in head and (chunk := connection.recv(65_536)):
        head += chunk
    heads.append(head.decode().lower())
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)
    assert key is not None
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(answer + b"Sec-WebSocket-Accept: " + generate_accept_token(key[1]) + b"\r\n\r\n")
    while connection.recv(65_536):
        pass


def test_the_upgrade_of_a_websocket_names_its_trace(bench: Bench) -> None:
    """With all four headers; a probe's own header stays alone."""
    heads: list[str] = []
    with serving(partial(upgrade, heads)) as address:
        named = bench.measure(f'[a]\nkind = "websocket"\nurl = "ws://{address}/"\n', begin_trace=begin)
        own = f'headers = {{Traceparent = "00-{"1" * 32}-{"2" * 16}-01"}}'
        kept = bench.measure(f'[a]\nkind = "websocket"\nurl = "ws://{address}/"\n{own}\n', begin_trace=begin)

    [trace_id] = named.trace_ids
    first, second = heads
    assert named.outcome is Outcome.PASSED, named.reason
    assert f"traceparent: 00-{trace_id}-" in first
    assert "tracestate: outrider=s-" in first
    assert f"sentry-trace: {trace_id}-" in first
    assert f"baggage: sentry-trace_id={trace_id}" in first
    assert (kept.trace_ids, "outrider=" in second, second.count("traceparent:")) == ((), False, 1)
