"""Probes of kind icmp: echo requests (RFC 792, RFC 4443), where this host permits them."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample, per_cent
from outrider.probes.assertions import judge_times
from outrider.probes.expectations import read_within
from outrider.probes.host_addresses import look_up
from outrider.probes.probe_result import Blame, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.workspace import Refused, as_count, as_one_of, as_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

STEP = "echo"

_HEADER = struct.Struct("!BBHHH")
_REQUESTS = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLIES = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOLS = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_TOKEN_BYTES = 16
_MOST_BYTES = 2048
_NOT_PERMITTED = (
    "this host does not permit ICMP: allow it to this user's group (sysctl net.ipv4.ping_group_range), or give the "
    "program CAP_NET_RAW"
)


def _open(family: socket.AddressFamily) -> socket.socket:
    """Return a socket that speaks ICMP, of the kind that needs no privilege if possible."""
    try:
        pinger = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOLS[family])
    except OSError:
        pinger = socket.socket(family, socket.SOCK_RAW, _PROTOCOLS[family])
    pinger.setblocking(False)
    return pinger


@dataclass(frozen=True, slots=True)
class IcmpProbe:
    """Echo requests, one after another; `loss` is the share of them that may stay without a reply."""

    host: str
    ip: str
    count: int
    loss: float
    within_ms: Mapping[str, float]
    open_socket: Callable[[socket.AddressFamily], socket.socket] = _open

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Send the requests and judge the replies; the durations are those of the replies, their mean."""
        began_s, address = time.perf_counter(), ""
        times: list[float] = []
        failures: list[Failure] = []
        try:
            async with asyncio.timeout(limit_s):
                address, family = await look_up(self.host, 0, self.ip)
                with self.open_socket(family) as pinger:
                    pinger.connect((address, 0))
                    for number in range(self.count):
                        left_s = limit_s - (time.perf_counter() - began_s)
                        times += await _ping(_Echo(pinger, family, number), left_s / (self.count - number))
        except PermissionError:
            failures.append(Failure(Blame.SETUP, _NOT_PERMITTED))
        except TimeoutError:
            failures.append(Failure(Blame.NETWORK, f"time-out after {limit_s:.1f} s", is_time_out=True))
        except OSError as error:
            failures.append(explain_system(error, "while pinging"))
        mean_ms = sum(times) / len(times) if times else 0.0
        lost = 1 - len(times) / self.count
        if not failures and lost > self.loss:
            reason = f"{per_cent(lost, '.0f')} of {self.count} echo requests have no reply"
            failures.append(Failure(Blame.NETWORK, reason, is_time_out=True))
        failures += judge_times({"total": mean_ms}, self.within_ms)
        return ProbeResult(
            duration_ms=mean_ms,
            failures=tuple(failures),
            steps=only_step(STEP, mean_ms, tuple(failures)),
            samples=(Sample(STEP, "duration_ms", mean_ms), Sample(STEP, "loss", lost)),
            attributes={"remote": address, "protocol": "ICMP"},
            address=self.host,
        )


@dataclass(frozen=True, slots=True)
class _Echo:
    """One request; its token tells its reply from those of other programs."""

    pinger: socket.socket
    family: socket.AddressFamily
    number: int
    token: bytes = field(default_factory=lambda: os.urandom(_TOKEN_BYTES))

    def packet(self) -> bytes:
        identity = os.getpid() & 0xFFFF
        kind = _REQUESTS[self.family]
        blank = _HEADER.pack(kind, 0, 0, identity, self.number) + self.token
        return _HEADER.pack(kind, 0, checksum(blank), identity, self.number) + self.token

    def is_reply(self, packet: bytes) -> bool:
        """Raw sockets of IPv4 hand out the header of IP too (RFC 791, section 3.1)."""
        has_header = self.family == socket.AF_INET and packet[:1] and packet[0] >> 4 == 4 and len(packet) > 20
        body = packet[(packet[0] & 0xF) * 4 :] if has_header and packet.endswith(self.token) else packet
        return body[:1] == bytes([_REPLIES[self.family]]) and body.endswith(self.token)


async def _ping(echo: _Echo, limit_s: float) -> list[float]:
    """Return how long the reply took, in ms, or nothing if it did not come."""
    loop = asyncio.get_running_loop()
    sent_s = time.perf_counter()
    try:
        async with asyncio.timeout(limit_s):
            await loop.sock_sendall(echo.pinger, echo.packet())
            while not echo.is_reply(await loop.sock_recv(echo.pinger, _MOST_BYTES)):
                pass
    except TimeoutError:
        return []
    return [(time.perf_counter() - sent_s) * 1000]


def checksum(packet: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of a packet of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def read_icmp(entry: ProbeTable) -> IcmpProbe:
    """Read a probe of kind icmp; report problems to its table."""
    host = entry.needed_text("host", _as_host, "", '"shop.example"')
    count = entry.table.read("count", as_count(1, 100), 3)
    ip = entry.table.read("ip", as_one_of("4", "6"), "")
    below = entry.table.section("expect")
    loss, within = below.read("loss", as_share, 0.0), read_within(below, ("total",))
    below.close()
    return IcmpProbe(host.lower(), ip, count, loss, within)


def _as_host(text: str) -> str:
    if any(character in text for character in "/ \t\n@"):
        raise Refused("is not a host", 'write a name or an address, such as "shop.example"', "bad-address")
    return text
