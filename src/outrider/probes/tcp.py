"""Probes of kind tcp: connect, perhaps send, perhaps expect an answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.host_addresses import is_name, look_up
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.probes.text_checks import TextChecks
from outrider.workspace import as_one_of, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

STEP = "connection"

_MOST_BYTES = 65_536
_PHASES = ("dns", "connect", "first_byte", "total")


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection; `send` is bytes, and the answer is read until it meets the checks."""

    host: str
    port: int
    ip: str
    send: bytes = field(repr=False)
    checks: TextChecks
    within_ms: Mapping[str, float]

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Connect, send and wait for what is expected."""
        conversation = _Conversation()
        failure: Failure | None = None
        try:
            async with asyncio.timeout(limit_s):
                await self._converse(conversation, context.evaluator)
        except TimeoutError:
            blame = Blame.SLOW if conversation.is_connected else Blame.NETWORK
            failure = Failure(blame, f"time-out after {limit_s:.1f} s, {conversation.doing}", is_time_out=True)
        except _Ended as ended:
            failure = ended.failure
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

    async def _converse(self, conversation: _Conversation, evaluator: Evaluator) -> None:
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
            if self.checks:
                await self._listen(reader, conversation, evaluator)
            conversation.phases_ms["total"] = conversation.now_ms()
        finally:
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader, conversation: _Conversation, evaluator: Evaluator) -> None:
        while missing := await self._missing(bytes(conversation.received), evaluator):
            chunk = await reader.read(_MOST_BYTES)
            if not conversation.received and chunk:
                conversation.note("first_byte")
            conversation.received += chunk
            if not chunk or len(conversation.received) > _MOST_BYTES:
                what = "it ended the connection" if not chunk else f"it sent more than {_MOST_BYTES} bytes"
                raise ConnectionError(f"{what}, and {missing}")

    async def _missing(self, received: bytes, evaluator: Evaluator) -> str:
        evaluation = await evaluator.evaluate(self.checks, received, limit_s=0.0)
        if evaluation.failure:
            raise _Ended(evaluation.failure)
        return evaluation.wrong[0] if evaluation.wrong else ""


class _Ended(Exception):
    """The evaluation of an answer reached its limit."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


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
    checks = TextChecks(
        "its answer", contains=below.read("contains", as_texts, ()), matches=below.read("matches", as_patterns, ())
    )
    within = read_within(below, _PHASES)
    below.close()
    return TcpProbe(host.lower(), port, ip, send.fill({}).encode() if send else b"", checks, within)
