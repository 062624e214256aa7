"""Probes of kind grpc: the health checking protocol of gRPC, https://grpc.io/docs/guides/health-checking.

A call of gRPC is a POST over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). libcurl makes it,
with the phases and certificates of any request, and without a second network stack in a process that starts others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pycurl

from outrider.probes.assertions import judge_certificate, judge_times
from outrider.probes.exchange import ExchangeLog, exchange
from outrider.probes.expectations import read_within
from outrider.probes.host_addresses import bracketed
from outrider.probes.http import attributes_of, evidence_files, samples_of
from outrider.probes.http_request import (
    FRESH,
    Request,
    encoded,
    plain_request,
    read_certificate,
    read_headers,
    read_trust,
)
from outrider.probes.probe_result import Blame, Failure, ProbeResult, only_step
from outrider.probes.redirects import Hop
from outrider.probes.text_evaluation import shown
from outrider.workspace import Refused, as_count, as_flag, as_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.probes.answers import Answer
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

STEP = "call"
HAS_HTTP2: Final = bool(pycurl.version_info()[4] & pycurl.VERSION_HTTP2)

_METHOD = "/grpc.health.v1.Health/Check"
_MOST_BYTES = 65_536
_PREFIX_BYTES = 5
_PHASES = ("dns", "connect", "tls", "first_byte", "transfer", "total")
_SERVING: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_CODES: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GrpcProbe:
    """A question for the health of a service.

    Attributes:
        service: Its full name; empty asks for the server as a whole.
        statuses: The answers that will do.
        certificate_days: The least that the certificate is still valid.
        has_http2: Whether our libcurl speaks it.
    """

    host: str
    address: str
    request: Request
    hop: Hop
    service: str
    statuses: tuple[str, ...]
    within_ms: Mapping[str, float]
    certificate_days: float | None
    has_http2: bool = HAS_HTTP2

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Make the call and judge its answer."""
        if not self.has_http2:
            reason = "this libcurl does not speak HTTP/2, which gRPC needs; install pycurl from its wheel"
            return ProbeResult(0.0, (Failure(Blame.SETUP, reason),), is_timed=False)
        curl, log = context.transfers.borrow(), ExchangeLog() if evidence else None
        try:
            hop = context.traced(self.hop)
            exchanged = await exchange(context.transfers, curl, self.request, hop, limit_s=limit_s, log=log)
        finally:
            context.transfers.give_back(curl)
        answer = exchanged.answer
        status, reason = ("", "") if exchanged.failure else _read_answer(answer, self.service)
        failures = (exchanged.failure,) if exchanged.failure else tuple(self._wrong(status, reason, answer))
        return ProbeResult(
            duration_ms=answer.total_ms,
            failures=failures,
            steps=only_step(STEP, answer.total_ms, failures),
            samples=() if exchanged.failure else samples_of(answer, STEP),
            attributes={**attributes_of(answer), "health": status},
            evidence_files=evidence_files(answer, log) if failures or evidence else (),
            address=self.address,
            trace_id=context.trace_id_of(self.hop),
        )

    def _wrong(self, status: str, reason: str, answer: Answer) -> Iterator[Failure]:
        if status not in self.statuses:
            name = self.service or "the server"
            reason = reason or f"{name} is {status}, not {' or '.join(self.statuses)}"
            yield Failure(Blame.TARGET, reason)
        if self.certificate_days is not None:
            yield from judge_certificate(answer.certificate_days, self.certificate_days)
        yield from judge_times({**answer.phases_ms, "total": answer.total_ms}, self.within_ms)


def _read_answer(answer: Answer, service: str) -> tuple[str, str]:
    """Return the status of a service, or an empty one and the reason that there is none."""
    if answer.status != 200:
        return "", f"it is no server of gRPC: status {answer.status}, not 200"
    media_type = answer.headers.get("content-type", "none")
    if not media_type.startswith("application/grpc"):
        return "", f"it is no server of gRPC: its content type is {shown(media_type)}, not application/grpc"
    trailers = _trailers(answer.raw_headers)
    code = trailers.get("grpc-status", "")
    if code != "0":
        return "", _why_not(code, trailers.get("grpc-message", ""), service)
    status = parse_health(answer.body)
    return (status, "") if status else ("", f"its answer is none of the health protocol: {answer.body[:40].hex()}")


def _why_not(code: str, message: str, service: str) -> str:
    if not code:
        return "its answer has no grpc-status: it ended before its end"
    name = _CODES[int(code)] if code.isdecimal() and len(code) < 3 and int(code) < len(_CODES) else shown(code)
    words = f": {shown(unquote(message))}" if message else ""
    what = {
        "NOT_FOUND": f"the server knows no service {service or 'without a name'}",
        "UNIMPLEMENTED": "the server does not offer grpc.health.v1.Health",
    }.get(name, "the call failed")
    return f"{what} ({name}{words})"


def _trailers(raw: bytes) -> dict[str, str]:
    """Return the headers of the last answer together with its trailers."""
    lines = raw[raw.rfind(b"HTTP/") :].split(b"\r\n")[1:]
    fields = (line.decode("utf-8", "replace").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in fields if name}


def parse_health(body: bytes) -> str:
    """Return the status in a frame of one HealthCheckResponse, or nothing if it is none.

    The message has one field: `ServingStatus status = 1`; its default, UNKNOWN, may be left out.
    """
    size = int.from_bytes(body[1:_PREFIX_BYTES], "big")
    message = body[_PREFIX_BYTES:]
    if len(body) < _PREFIX_BYTES or body[0] or len(message) != size:
        return ""
    if not message:
        return _SERVING[0]
    is_status = len(message) == 2 and message[0] == 0x08
    return _SERVING[message[1]] if is_status and message[1] < len(_SERVING) else ""


def frame(service: str) -> bytes:
    """Return the frame of a HealthCheckRequest, whose one field is `string service = 1`."""
    name = service.encode("utf-8", "replace")
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def read_grpc(entry: ProbeTable) -> GrpcProbe:
    """Read a probe of kind grpc; report problems to its table."""
    table = entry.table
    host, port = entry.address()
    name, service = entry.text("server_name", str, host), entry.text("service", str, "")
    has_tls = table.read("tls", as_flag, False)
    version = pycurl.CURL_HTTP_VERSION_2TLS if has_tls else pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
    options = (
        *FRESH,
        *read_trust(entry),
        *read_certificate(entry),
        (pycurl.HTTP_VERSION, version),
        (pycurl.CONNECT_TO, [f"::{bracketed(host)}:{port}".encode()]),
    )
    url = f"{'https' if has_tls else 'http'}://{bracketed(name)}:{port}{_METHOD}"
    headers = (
        ("Content-Type", "application/grpc"),
        ("TE", "trailers"),
        *((name, value.fill({})) for name, value in read_headers(entry)),
    )
    below = table.section("expect")
    request = plain_request(url, encoded(options), version="HTTP/2", max_bytes=_MOST_BYTES)
    probe = GrpcProbe(
        host=host.lower(),
        address=f"{bracketed(host)}:{port}",
        request=request,
        hop=Hop(url, "POST", headers, frame(service)),
        service=service,
        statuses=below.read("status", _as_statuses, ("SERVING",)),
        within_ms=read_within(below, _PHASES),
        certificate_days=below.read("certificate_days", as_count(0, 3650), None),
    )
    below.close()
    return probe


def _as_statuses(value: object) -> tuple[str, ...]:
    statuses = as_texts(value)
    if not set(statuses) <= set(_SERVING):
        raise Refused("is no status of the health protocol", f"write one of {', '.join(_SERVING)}", "out-of-range")
    return statuses
