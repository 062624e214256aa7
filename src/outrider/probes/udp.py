"""Probes of kind udp: send a datagram, and wait for one that is as expected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.probes.dialogue import DialogueLine, missing, read_sent
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.streams import Conversation, Ended, Endpoint, find_address
from outrider.probes.text_checks import TextChecks
from outrider.workspace import as_one_of, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_result import ProbeResult
    from outrider.probes.probe_table import ProbeTable

STEP = "datagram"

_MOST_BYTES = 1_000_000
_MOST_WAITING = 100
_PHASES = ("dns", "first_byte", "total")


@dataclass(frozen=True, slots=True)
class UdpProbe:
    """A datagram and its answer; others that come before it are passed over.

    Attributes:
        line: What is sent, and the checks of the answer as text.
        in_hex: Checks of the answer in hexadecimal.
    """

    endpoint: Endpoint
    line: DialogueLine = field(repr=False)
    in_hex: TextChecks
    within_ms: Mapping[str, float]

    @property
    def host(self) -> str:
        """The host that is asked."""
        return self.endpoint.host

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Send, and wait for what is expected."""
        conversation, failure = Conversation(protocol="UDP"), None
        try:
            async with asyncio.timeout(limit_s):
                await self._converse(conversation, context.evaluator)
        except (OSError, Ended) as error:
            failure = conversation.explain(error, limit_s)
        return conversation.result(STEP, self.endpoint.address, self.within_ms, failure)

    async def _converse(self, conversation: Conversation, evaluator: Evaluator) -> None:
        await find_address(conversation, self.endpoint)
        conversation.doing = "waiting for an answer"
        inbox: asyncio.Queue[bytes | OSError] = asyncio.Queue(_MOST_WAITING)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(inbox), remote_addr=(conversation.remote, self.endpoint.port)
        )
        try:
            transport.sendto(self.line.send)
            if self.line.checks or self.in_hex:
                await self._listen(inbox, conversation, evaluator)
            conversation.finish()
        finally:
            transport.abort()

    async def _listen(
        self, inbox: asyncio.Queue[bytes | OSError], conversation: Conversation, evaluator: Evaluator
    ) -> None:
        """Take datagrams until one is as expected."""
        while True:
            answer = await inbox.get()
            if isinstance(answer, OSError):
                raise answer
            conversation.note("first_byte")
            conversation.received += answer + b"\n"
            lack = await missing(self.line, answer, evaluator)
            lack = lack or await missing(DialogueLine(checks=self.in_hex), answer.hex().encode(), evaluator)
            if not lack:
                return
            conversation.doing = f"waiting for another answer: {lack}"
            if len(conversation.received) > _MOST_BYTES:
                raise ConnectionError(f"it sent more than {_MOST_BYTES} bytes, and {lack}")


class _Receiver(asyncio.DatagramProtocol):
    """Puts what comes into an inbox; what does not fit is lost, as datagrams are."""

    def __init__(self, inbox: asyncio.Queue[bytes | OSError]) -> None:
        self._inbox = inbox

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the socket is connected
        """Keep an answer."""
        if not self._inbox.full():
            self._inbox.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Keep what the network says instead, such as that nobody listens."""
        if isinstance(exc, OSError) and not self._inbox.full():
            self._inbox.put_nowait(exc)


def read_udp(entry: ProbeTable) -> UdpProbe:
    """Read a probe of kind udp; report problems to its table."""
    host, port = entry.address()
    ip = entry.table.read("ip", as_one_of("4", "6"), "")
    send, _ = read_sent(entry)
    if not send:
        entry.table.report("send", "is missing", 'write send = "…", or send_hex = "1b 00 …"', "missing-key")
    below = entry.table.section("expect")
    contains, matches = below.read("contains", as_texts, ()), below.read("matches", as_patterns, ())
    checks = TextChecks("its answer", contains=contains, matches=matches)
    in_hex = TextChecks("its answer in hexadecimal", matches=below.read("hex", as_patterns, ()))
    within = read_within(below, _PHASES)
    below.close()
    return UdpProbe(Endpoint(host.lower(), port, ip), DialogueLine(send, checks), in_hex, within)
