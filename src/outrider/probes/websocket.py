"""Probes of kind websocket (RFC 6455): open, send, and wait for messages that are as expected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from outrider.probes.dialogue import missing, read_dialogue
from outrider.probes.expectations import read_text_checks, read_within
from outrider.probes.http_request import RESERVED, read_headers
from outrider.probes.probe_result import Blame, Failure
from outrider.probes.streams import Conversation, Ended, Endpoint, connection, read_tls_context
from outrider.workspace import Refused, as_count, as_one_of, as_texts, check_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from outrider.probes.dialogue import DialogueLine
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_result import ProbeResult
    from outrider.probes.probe_table import ProbeTable

STEP = "conversation"

_CHUNK = 65_536
_MOST_BYTES = 100_000_000
_USUAL_BYTES = 1_000_000
_KEPT_BYTES = 256_000
_FRAME_BYTES = 50
"""What a frame counts at least: the work of an empty one is that of fifty bytes and more."""
_AT_ONCE = 50
_PHASES = ("dns", "connect", "tls", "upgrade", "first_message", "total")
_SCHEMES: Final = {"ws": ("http", 80), "wss": ("https", 443)}


@dataclass(frozen=True, slots=True)
class WebsocketProbe:
    """A connection that is upgraded, and the dialogue over it.

    Attributes:
        target: Path and query.
        subprotocols: Those that are offered; the server has to choose one if there are any.
        max_bytes: Of all messages that answer one line.
    """

    endpoint: Endpoint
    url: str = field(repr=False)
    authority: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    subprotocols: tuple[str, ...]
    lines: tuple[DialogueLine, ...]
    max_bytes: int
    within_ms: Mapping[str, float]

    @property
    def host(self) -> str:
        """The host that is asked."""
        return self.endpoint.host

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Connect, upgrade, send, and wait for what is expected."""
        conversation, failure = Conversation(protocol="WebSocket"), None
        attributes: dict[str, str] = {}
        try:
            async with asyncio.timeout(limit_s):
                await self._converse(conversation, context, attributes)
        except ProtocolError as error:
            failure = Failure(Blame.TARGET, f"{str(error) or type(error).__name__}, {conversation.doing}")
        except (OSError, Ended) as error:
            failure = conversation.explain(error, limit_s)
        result = conversation.result(STEP, self.url, self.within_ms, failure, attributes)
        return replace(result, trace_id=context.trace_id_beside(self.headers))

    async def _converse(self, conversation: Conversation, context: ProbeContext, attributes: dict[str, str]) -> None:
        has_tls = self.endpoint.tls is not None
        async with connection(conversation, self.endpoint, tls=has_tls) as (reader, writer):
            channel = _Channel(reader, writer, conversation, self.max_bytes)
            conversation.doing = "waiting for the upgrade"
            attributes["subprotocol"] = await channel.open(self._request(context))
            conversation.note("upgrade")
            if self.subprotocols and attributes["subprotocol"] not in self.subprotocols:
                offered = " or ".join(self.subprotocols)
                raise Ended(Failure(Blame.TARGET, f"the server chose no subprotocol, not {offered}"))
            conversation.doing = "waiting for a message"
            for line in self.lines:
                if line.send:
                    await channel.send(line)
                if line.checks:
                    await channel.expect(line, context.evaluator)
            conversation.finish()
            await channel.close()

    def _request(self, context: ProbeContext) -> Request:
        named = (*self.headers, *context.trace_headers(self.headers))
        headers = [(name.encode(), value.encode("utf-8", "replace")) for name, value in named]
        return Request(self.authority, self.target, extra_headers=headers, subprotocols=list(self.subprotocols))


class _Channel:
    """The protocol over an open connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, conversation: Conversation, max_bytes: int
    ) -> None:
        self._reader, self._writer = reader, writer
        self._conversation = conversation
        self._max_bytes = max_bytes
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._messages = self._receive()
        self._bytes = 0
        self._frames = 0

    async def open(self, request: Request) -> str:
        """Upgrade the connection, and return the subprotocol that the server chose."""
        self._writer.write(self._protocol.send(request))
        await self._writer.drain()
        while True:
            await self._read()
            for event in self._protocol.events():
                if isinstance(event, AcceptConnection):
                    return event.subprotocol or ""
                if isinstance(event, RejectConnection):
                    raise Ended(Failure(Blame.TARGET, f"status {event.status_code}, not 101: it does not upgrade"))

    async def send(self, line: DialogueLine) -> None:
        """Send the message of a line."""
        message = TextMessage(line.send.decode()) if line.is_text else BytesMessage(line.send)
        self._writer.write(self._protocol.send(message))
        await self._writer.drain()

    async def expect(self, line: DialogueLine, evaluator: Evaluator) -> None:
        """Wait for a message that is as a line expects; others before it are passed over."""
        lack, self._bytes, self._frames = "", 0, 0
        async for message in self._messages:
            if isinstance(message, CloseConnection):
                raise Ended(Failure(Blame.TARGET, f"{line.title}{self._closed(message)}{lack}"))
            if not (wrong := await missing(line, message, evaluator)):
                return
            lack = f", and {wrong}"
            self._conversation.doing = f"waiting for another message: {line.title}{wrong}"

    async def close(self) -> None:
        """Say goodbye, without waiting for an answer."""
        self._writer.write(self._protocol.send(CloseConnection(code=1000)))
        await self._writer.drain()

    async def _receive(self) -> AsyncIterator[bytes | CloseConnection]:
        """Yield each message, and the end if the server closes the connection."""
        message = bytearray()
        while True:
            for event in self._protocol.events():
                await self._count_frame()
                if isinstance(event, CloseConnection):
                    yield event
                if isinstance(event, Ping):
                    self._writer.write(self._protocol.send(event.response()))
                if isinstance(event, TextMessage | BytesMessage):
                    message += event.data.encode() if isinstance(event.data, str) else event.data
                    if event.message_finished:
                        self._keep(message)
                        yield bytes(message)
                        message.clear()
            await self._read()

    async def _read(self) -> None:
        """Take what the server sent."""
        chunk = await self._reader.read(_CHUNK)
        if not chunk:
            raise ConnectionError(f"it ended the connection, {self._conversation.doing}")
        self._bytes += len(chunk)
        if self._bytes > self._max_bytes + _CHUNK:  # pings and heads of frames count, too
            raise Ended(self._too_much())
        self._protocol.receive_data(chunk)

    async def _count_frame(self) -> None:
        """Leave the loop to others now and then: one chunk may hold 30,000 frames."""
        self._frames += 1
        if self._frames * _FRAME_BYTES > self._max_bytes + _CHUNK:
            raise Ended(
                Failure(Blame.TARGET, f"it sent more than {self._frames - 1} frames, {self._conversation.doing}")
            )
        if self._frames % _AT_ONCE == 0:
            await asyncio.sleep(0)

    def _keep(self, message: bytearray) -> None:
        self._conversation.note("first_message")
        if (room := _KEPT_BYTES - len(self._conversation.received)) > 0:
            self._conversation.received += message[:room] + b"\n"

    def _closed(self, close: CloseConnection) -> str:
        """Return how a connection ended; what is no frame wsproto reports as an end, too."""
        if self._protocol.state == ConnectionState.OPEN:
            return f"it sent what is no frame: {close.reason}"
        return f"it closed the connection ({close.code}{f' {close.reason}' if close.reason else ''})"

    def _too_much(self) -> Failure:
        return Failure(Blame.TARGET, f"it sent more than {self._max_bytes} bytes, {self._conversation.doing}")


def read_websocket(entry: ProbeTable) -> WebsocketProbe:
    """Read a probe of kind websocket; report problems to its table."""
    table = entry.table
    url = entry.needed_text("url", _as_url, "", '"wss://shop.example/live"')
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower(), parts.port or _SCHEMES.get(parts.scheme, ("", 0))[1]
    server_name = entry.text("server_name", str, host)
    tls = read_tls_context(entry, wanted=parts.scheme == "wss")
    headers = tuple((name, value.fill({})) for name, value in read_headers(entry))
    below = table.section("expect")
    probe = WebsocketProbe(
        endpoint=Endpoint(host, port, table.read("ip", as_one_of("4", "6"), ""), server_name, tls),
        url=url,
        authority=parts.netloc,
        target=quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=RESERVED),
        headers=headers,
        subprotocols=table.read("subprotocol", as_texts, ()),
        lines=read_dialogue(entry, read_text_checks(below, entry.root, "the message"), starttls=False),
        max_bytes=table.read("max_bytes", as_count(1, _MOST_BYTES), _USUAL_BYTES),
        within_ms=read_within(below, _PHASES),
    )
    below.close()
    return probe


def _as_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise Refused("is not a URL of ws or wss", 'write one, such as "wss://shop.example/live"', "bad-url")
    check_url(f"{_SCHEMES[scheme][0]}://{rest}")
    if "@" in urlsplit(text).netloc:
        raise Refused("holds a user", 'write headers = {Authorization = "…"}', "bad-url")
    return text
