"""Probes of kind tcp: connect, and hold a dialogue of sends and expected answers, with TLS or STARTTLS where asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.probes.dialogue import missing, read_dialogue
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.streams import Conversation, Ended, Endpoint, begin_tls, connection, read_tls_context
from outrider.probes.text_checks import TextChecks
from outrider.workspace import as_flag, as_one_of, as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.dialogue import DialogueLine
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_result import ProbeResult
    from outrider.probes.probe_table import ProbeTable

STEP = "connection"

_MOST_BYTES = 65_536
_PHASES = ("dns", "connect", "tls", "first_byte", "total")


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection and its dialogue; each answer is read until it meets the checks.

    Attributes:
        has_tls: Whether TLS begins with the connection, and not with a line.
    """

    endpoint: Endpoint
    has_tls: bool
    lines: tuple[DialogueLine, ...]
    within_ms: Mapping[str, float]

    @property
    def host(self) -> str:
        """The host that is asked."""
        return self.endpoint.host

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Connect, send and wait for what is expected."""
        conversation, failure = Conversation(protocol="TCP"), None
        try:
            async with asyncio.timeout(limit_s):
                await self._converse(conversation, context.evaluator)
        except (OSError, Ended) as error:
            failure = conversation.explain(error, limit_s)
        return conversation.result(STEP, self.endpoint.address, self.within_ms, failure)

    async def _converse(self, conversation: Conversation, evaluator: Evaluator) -> None:
        judged = 0
        async with connection(conversation, self.endpoint, tls=self.has_tls) as (reader, writer):
            for line in self.lines:
                if line.send:
                    writer.write(line.send)
                    await writer.drain()
                if line.checks:
                    judged = await _listen(reader, conversation, line, evaluator, judged=judged)
                if line.starttls:
                    await begin_tls(conversation, self.endpoint, writer)
            conversation.finish()


async def _listen(
    reader: asyncio.StreamReader, conversation: Conversation, line: DialogueLine, evaluator: Evaluator, *, judged: int
) -> int:
    """Read until the answer to a line meets its checks; return the end of it.

    Args:
        judged: How much of what was read belongs to earlier lines.
    """
    while lack := await missing(line, bytes(conversation.received[judged:]), evaluator):
        chunk = await reader.read(_MOST_BYTES)
        if chunk:
            conversation.note("first_byte")
        conversation.received += chunk
        if not chunk or len(conversation.received) > _MOST_BYTES:
            what = "it ended the connection" if not chunk else f"it sent more than {_MOST_BYTES} bytes"
            raise ConnectionError(f"{line.title}{what}, and {lack}")
    return len(conversation.received)


def read_tcp(entry: ProbeTable) -> TcpProbe:
    """Read a probe of kind tcp; report problems to its table."""
    host, port = entry.address()
    ip = entry.table.read("ip", as_one_of("4", "6"), "")
    server_name = entry.text("server_name", str, host)
    has_tls = entry.table.read("tls", as_flag, False)
    below = entry.table.section("expect")
    contains, matches = below.read("contains", as_texts, ()), below.read("matches", as_patterns, ())
    lines = read_dialogue(entry, TextChecks("its answer", "", contains, matches=matches), starttls=True)
    within = read_within(below, _PHASES)
    below.close()
    tls = read_tls_context(entry, wanted=has_tls or any(line.starttls for line in lines))
    return TcpProbe(Endpoint(host.lower(), port, ip, server_name, tls), has_tls, lines, within)
