"""A connection of TCP, in the clear or with TLS, that notes how far it came and how long each phase took."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.certificates import system_authorities
from outrider.probes.handshake_errors import explain_handshake
from outrider.probes.host_addresses import bracketed, is_name, look_up
from outrider.probes.own_certificate import explain_alert, read_own_certificate
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.workspace import as_flag

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from outrider.probes.probe_table import ProbeTable

_DAY_S = 86_400


class Ended(Exception):
    """What ended a conversation other than time or the operating system, as a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect to.

    Attributes:
        server_name: The name that the certificate has to hold.
        tls: What the certificate is verified with; None where nothing begins TLS.
    """

    host: str
    port: int
    ip: str = ""
    server_name: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{bracketed(self.host)}:{self.port}"


@dataclass(slots=True)
class Conversation:
    """How far an attempt came.

    Attributes:
        doing: What it does now, as in "while connecting".
        received: Everything that came, for evidence.
        phases_ms: Of each phase that ended, in their order.
    """

    began_s: float = field(default_factory=time.perf_counter)
    doing: str = "during the name lookup"
    is_connected: bool = False
    remote: str = ""
    protocol: str = ""
    received: bytearray = field(default_factory=bytearray)
    phases_ms: dict[str, float] = field(default_factory=dict)
    certificate_days: float | None = None

    def now_ms(self) -> float:
        """Return the time since the beginning."""
        return (time.perf_counter() - self.began_s) * 1000

    def note(self, phase: str) -> None:
        """End a phase, which began when the one before it ended; of a phase that is noted again the first counts."""
        if phase not in self.phases_ms:
            self.phases_ms[phase] = self.now_ms() - sum(self.phases_ms.values())

    def finish(self) -> None:
        """End the conversation: what is done after this is not measured."""
        self.phases_ms["total"] = self.now_ms()

    def explain(self, error: Exception, limit_s: float) -> Failure:
        """Return what an error during the conversation means."""
        if isinstance(error, TimeoutError) and not error.errno:
            blame = Blame.SLOW if self.is_connected else Blame.NETWORK
            return Failure(blame, f"time-out after {limit_s:.1f} s, {self.doing}", is_time_out=True)
        if isinstance(error, Ended):
            return error.failure
        if isinstance(error, ssl.SSLError):
            reason = (getattr(error, "verify_message", "") or error.reason or str(error)).replace("_", " ").lower()
            return Failure(Blame.TARGET, explain_alert(reason) or explain_handshake(reason))
        assert isinstance(error, OSError)
        return explain_system(error, self.doing)

    def result(
        self, step: str, address: str, within_ms: Mapping[str, float], failure: Failure | None,
        attributes: Mapping[str, str] | None = None,
    ) -> ProbeResult:  # fmt: skip
        """Return the result of the conversation, with its phases judged if nothing else is wrong."""
        failures = (failure,) if failure else tuple(judge_times(self.phases_ms, within_ms))
        total_ms = self.phases_ms.get("total", self.now_ms())
        samples = [Sample(step, "duration_ms", total_ms)]
        samples += [Sample(step, f"{phase}_ms", took) for phase, took in self.phases_ms.items() if phase != "total"]
        if self.certificate_days is not None:
            samples.append(Sample(step, "certificate_days", self.certificate_days))
        shows = bool(failures and self.received)
        return ProbeResult(
            duration_ms=self.now_ms(),
            failures=failures,
            steps=only_step(step, total_ms, failures),
            samples=tuple(samples),
            attributes={"remote": self.remote, "protocol": self.protocol, **(attributes or {})},
            evidence_files=(Evidence("answer", "text/plain", bytes(self.received)),) if shows else (),
            address=address,
        )


async def find_address(conversation: Conversation, endpoint: Endpoint) -> None:
    """Look up the host, if it is a name."""
    conversation.remote, _ = await look_up(endpoint.host, endpoint.port, endpoint.ip)
    if is_name(endpoint.host):
        conversation.note("dns")


@asynccontextmanager
async def connection(
    conversation: Conversation, endpoint: Endpoint, *, tls: bool
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and shake hands if `tls`; the connection is dropped at the end."""
    await find_address(conversation, endpoint)
    conversation.doing = "while connecting"
    reader, writer = await asyncio.open_connection(conversation.remote, endpoint.port)
    try:
        conversation.note("connect")
        conversation.is_connected = True
        if tls:
            await begin_tls(conversation, endpoint, writer)
            conversation.note("tls")
        conversation.doing = "waiting for the answer"
        yield reader, writer
    finally:
        writer.transport.abort()


async def begin_tls(conversation: Conversation, endpoint: Endpoint, writer: asyncio.StreamWriter) -> None:
    """Shake hands on an open connection."""
    if endpoint.tls is None:
        return
    before, conversation.doing = conversation.doing, "during the TLS handshake"
    await writer.start_tls(endpoint.tls, server_hostname=endpoint.server_name)
    conversation.doing = before
    certificate = writer.get_extra_info("peercert") or {}
    if "notAfter" in certificate:  # only a certificate that was verified is told
        expires_s = ssl.cert_time_to_seconds(certificate["notAfter"])
        conversation.certificate_days = (expires_s - time.time()) / _DAY_S


def read_tls_context(entry: ProbeTable, *, wanted: bool) -> ssl.SSLContext | None:
    """Read `verify`, `authority`, `certificate` and `key`; return None if no TLS is `wanted`."""
    verify, authority = entry.table.read("verify", as_flag, True), entry.file("authority") or system_authorities()
    certificate, key = read_own_certificate(entry)
    if not wanted:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verify
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    try:
        context.load_verify_locations(authority)
    except (OSError, ValueError) as error:
        entry.table.report("authority", f"holds no certificates: {error}", "write a file of PEM", "bad-authority")
    if certificate:
        context.load_cert_chain(certificate, key)
    return context
