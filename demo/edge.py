"""The shop's edge: a name server for its address, and a front that terminates TLS."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import trustme

from demo.faults import FaultBoard

SHOP_NAME: Final = "shop.milepost.test."
_ZONE: Final = {
    "A": [dns.rrset.from_text(SHOP_NAME, 60, "IN", "A", "127.0.0.1")],
    "TXT": [dns.rrset.from_text(SHOP_NAME, 60, "IN", "TXT", '"milepost, the demo shop"')],
}
_CHUNK_BYTES: Final = 65_536


@contextlib.asynccontextmanager
async def edge(
    shop_port: int, tls: socket.socket, names: socket.socket, board: FaultBoard | None = None
) -> AsyncIterator[None]:
    """Serve both for as long as the context lasts.

    Args:
        shop_port: Where the front passes on to.
        tls: A listening socket.
        names: A bound datagram socket.
        board: The fault `certificate` may be on.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Names, sock=names)
    front = await asyncio.start_server(
        _Front(shop_port).pass_on, sock=tls, ssl=_front_context(board or FaultBoard(time.monotonic))
    )
    try:
        yield
    finally:
        front.close()
        transport.close()


def _front_context(board: FaultBoard) -> ssl.SSLContext:
    """Return a context with a certificate that is made anew each time, by an authority that nobody knows."""
    authority = trustme.CA(organization_name="Milepost")
    context = _context(authority)

    def chosen(connection: ssl.SSLObject, name: str | None, usual: ssl.SSLContext) -> None:  # noqa: ARG001
        if fault := board.on.get("certificate"):
            connection.context = _context(authority, datetime.now(UTC) + timedelta(days=fault.size))

    context.sni_callback = chosen
    return context


def _context(authority: trustme.CA, ends: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", SHOP_NAME.rstrip("."), not_after=ends).configure_cert(context)
    return context


class _Names(asyncio.DatagramProtocol):
    """Answers questions about the one name that there is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(dns.exception.DNSException):
            self._transport.sendto(_answer(dns.message.from_wire(data)).to_wire(), addr)


def _answer(question: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.AA
    asked = question.question[0]
    if asked.name.to_text().lower() != SHOP_NAME:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    answer.answer = [] if answer.rcode() else _ZONE.get(dns.rdatatype.to_text(asked.rdtype), [])
    return answer


class _Front:
    """Passes on what it decrypts to the shop, and back."""

    def __init__(self, shop_port: int) -> None:
        self._shop_port = shop_port

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._shop_port)
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(_CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
    target.close()
