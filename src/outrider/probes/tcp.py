"""Probes of kind tcp: connect, and hold a dialogue of sends and expected answers, with STARTTLS where asked."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.certificates import system_authorities
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.host_addresses import is_name, look_up
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.probes.text_checks import TextChecks
from outrider.workspace import as_flag, as_one_of, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.workspace import Table

STEP = "connection"

_MOST_BYTES = 65_536
_PHASES = ("dns", "connect", "first_byte", "total")


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a dialogue: what is sent, what the answer has to be, and whether TLS begins after it.

    Attributes:
        title: What messages begin with; empty for the only one.
    """

    send: bytes = field(default=b"", repr=False)
    checks: TextChecks = field(default_factory=TextChecks)
    starttls: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection and its dialogue; each answer is read until it meets the checks.

    Attributes:
        server_name: The name that the certificate has to hold after STARTTLS.
    """

    host: str
    port: int
    ip: str
    turns: tuple[Turn, ...]
    within_ms: Mapping[str, float]
    server_name: str = ""
    trust: ssl.SSLContext | None = field(default=None, repr=False)

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
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            failure = Failure(Blame.TARGET, f"TLS handshake failed: {reason.replace('_', ' ').lower()}")
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
            for turn in self.turns:
                if turn.send:
                    writer.write(turn.send)
                    await writer.drain()
                if turn.checks:
                    await self._listen(reader, conversation, turn, evaluator)
                if turn.starttls and self.trust is not None:
                    conversation.doing = "during the TLS handshake"
                    await writer.start_tls(self.trust, server_hostname=self.server_name)
                    conversation.doing = "waiting for the answer"
            conversation.phases_ms["total"] = conversation.now_ms()
        finally:
            writer.transport.abort()

    async def _listen(
        self, reader: asyncio.StreamReader, conversation: _Conversation, turn: Turn, evaluator: Evaluator
    ) -> None:
        """Read until the answer to a turn meets its checks; what was read before belongs to earlier turns."""
        start = conversation.judged
        while missing := await _missing(turn, bytes(conversation.received[start:]), evaluator):
            chunk = await reader.read(_MOST_BYTES)
            if not conversation.received and chunk:
                conversation.note("first_byte")
            conversation.received += chunk
            if not chunk or len(conversation.received) > _MOST_BYTES:
                what = "it ended the connection" if not chunk else f"it sent more than {_MOST_BYTES} bytes"
                raise ConnectionError(f"{turn.title}{what}, and {missing}")
        conversation.judged = len(conversation.received)


async def _missing(turn: Turn, received: bytes, evaluator: Evaluator) -> str:
    evaluation = await evaluator.evaluate(turn.checks, received, limit_s=0.0)
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
    judged: int = 0
    phases_ms: dict[str, float] = field(default_factory=dict)

    def now_ms(self) -> float:
        return (time.perf_counter() - self.began_s) * 1000

    def note(self, phase: str) -> None:
        self.phases_ms[phase] = self.now_ms() - sum(self.phases_ms.values())


def read_tcp(entry: ProbeTable) -> TcpProbe:
    """Read a probe of kind tcp; report problems to its table."""
    host, port = entry.address()
    ip = entry.table.read("ip", as_one_of("4", "6"), "")
    server_name = entry.text("server_name", str, host)
    below = entry.table.section("expect")
    only, dialogue = _only_turn(entry, below), _dialogue(entry)
    if only and dialogue:
        key = "send" if "send" in entry.table.data else "expect"
        entry.table.report(key, "stands beside a dialogue", "put it into a [[NAME.dialogue]]", "send-beside-dialogue")
    within = read_within(below, _PHASES)
    below.close()
    return TcpProbe(host.lower(), port, ip, (*only, *dialogue), within, server_name, _trust(entry))


def _only_turn(entry: ProbeTable, below: Table) -> tuple[Turn, ...]:
    """Read the keys `send` and `expect` of a probe without a dialogue."""
    send = entry.template("send")
    contains, matches = below.read("contains", as_texts, ()), below.read("matches", as_patterns, ())
    if not send and not contains and not matches:
        return ()
    return (Turn(send.fill({}).encode() if send else b"", TextChecks("its answer", "", contains, matches=matches)),)


def _dialogue(entry: ProbeTable) -> tuple[Turn, ...]:
    turns = []
    for number, table in enumerate(entry.table.sections("dialogue"), 1):
        send = entry.below(table).template("send")
        checks = TextChecks("its answer", matches=table.read("expect", as_patterns, ()))
        starttls = table.read("starttls", as_flag, False)
        table.close()
        turns.append(Turn(send.fill({}).encode() if send else b"", checks, starttls, f"dialogue {number}: "))
    return tuple(turns)


def _trust(entry: ProbeTable) -> ssl.SSLContext | None:
    """Return what a server's certificate is verified with; None where no turn of a dialogue begins TLS."""
    verify, authority = entry.table.read("verify", as_flag, True), entry.file("authority") or system_authorities()
    dialogue = entry.table.data.get("dialogue")
    if not isinstance(dialogue, list) or not any(isinstance(turn, dict) and turn.get("starttls") for turn in dialogue):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verify
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    try:
        context.load_verify_locations(authority)
    except (OSError, ValueError) as error:
        entry.table.report("authority", f"holds no certificates: {error}", "write a file of PEM", "bad-authority")
    return context
