"""Probes of kind tcp: connect, perhaps send, perhaps expect an answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.assertions import finds, judge_times, shown
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.host_addresses import is_name, look_up
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.workspace import as_one_of, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import regex

    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

STEP = "connection"

_MOST_BYTES = 65_536
_PHASES = ("dns", "connect", "first_byte", "total")


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection; `send` is bytes, and `contains` and `matches` are looked for until they are all there."""

    host: str
    port: int
    ip: str
    send: bytes = field(repr=False)
    contains: tuple[str, ...]
    matches: tuple[regex.Pattern[str], ...]
    within_ms: Mapping[str, float]

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Connect, send and wait for what is expected."""
        conversation = _Conversation()
        failure: Failure | None = None
        try:
            async with asyncio.timeout(limit_s):
                await self._talk(conversation)
        except TimeoutError:
            blame = Blame.SLOW if conversation.is_connected else Blame.NETWORK
            failure = Failure(blame, f"time-out after {limit_s:.1f} s, {conversation.doing}")
        except OSError as error:
            failure = explain_system(error, conversation.doing)
        failures = (failure,) if failure else tuple(judge_times(conversation.phases_ms, self.within_ms))
        samples = [
            Sample(STEP, f"{phase}_ms", took) for phase, took in conversation.phases_ms.items() if phase != "total"
        ]
        return ProbeResult(
            duration_ms=conversation.now_ms(),
            failures=failures,
            steps=only_step(STEP, conversation.phases_ms.get("total", conversation.now_ms()), failures),
            samples=(Sample(STEP, "duration_ms", conversation.phases_ms.get("total", conversation.now_ms())), *samples),
            attributes={"remote": conversation.remote, "protocol": "TCP"},
            evidence_files=(Evidence("answer", "text/plain", bytes(conversation.received)),)
            if failures and conversation.received
            else (),
            address=f"{self.host}:{self.port}",
        )

    async def _talk(self, conversation: _Conversation) -> None:
        conversation.remote, _ = await look_up(self.host, self.port, self.ip)
        if is_name(self.host):
            conversation.note("dns")
        conversation.doing = "while connecting"
        reader, writer = await asyncio.open_connection(conversation.remote, self.port)
        try:
            conversation.note("connect")
            conversation.is_connected, conversation.doing = True, "waiting for the answer"
            if self.send:
                writer.write(self.send)
                await writer.drain()
            if self.contains or self.matches:
                await self._listen(reader, conversation)
            conversation.phases_ms["total"] = conversation.now_ms()
        finally:
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader, conversation: _Conversation) -> None:
        while missing := self._missing(conversation.received.decode("utf-8", "replace")):
            chunk = await reader.read(_MOST_BYTES)
            if not conversation.received and chunk:
                conversation.note("first_byte")
            conversation.received += chunk
            if not chunk or len(conversation.received) > _MOST_BYTES:
                what = "it ended the connection" if not chunk else f"it sent more than {_MOST_BYTES} bytes"
                raise ConnectionError(f"{what}, and its answer {missing}")

    def _missing(self, text: str) -> str:
        for wanted in self.contains:
            if wanted not in text:
                return f"does not contain {shown(wanted)!r}"
        for pattern in self.matches:
            try:
                if not finds(pattern, text):
                    return f"does not match {shown(pattern.pattern)}"
            except TimeoutError:
                raise ConnectionError(f"its answer keeps the pattern {shown(pattern.pattern)} busy") from None
        return ""


@dataclass(slots=True)
class _Conversation:
    """How far an attempt came."""

    began_s: float = field(default_factory=time.perf_counter)
    doing: str = "during the name lookup"
    is_connected: bool = False
    remote: str = ""
    received: bytearray = field(default_factory=bytearray)
    phases_ms: dict[str, float] = field(default_factory=dict)

    def now_ms(self) -> float:
        return (time.perf_counter() - self.began_s) * 1000

    def note(self, phase: str) -> None:
        self.phases_ms[phase] = self.now_ms() - sum(self.phases_ms.values())


def read_tcp(entry: ProbeTable) -> TcpProbe:
    """Read a probe of kind tcp; report problems to its table."""
    host, port = entry.address()
    send = entry.template("send")
    ip = entry.table.read("ip", as_one_of("4", "6"), "")
    below = entry.table.section("expect")
    contains, matches = below.read("contains", as_texts, ()), below.read("matches", as_patterns, ())
    within = read_within(below, _PHASES)
    below.close()
    return TcpProbe(host.lower(), port, ip, send.fill({}).encode() if send else b"", contains, matches, within)
