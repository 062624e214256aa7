"""The kinds of probe: a new one is a module of its own, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.probes.api import read_api
from outrider.probes.command import read_command
from outrider.probes.dns import read_dns
from outrider.probes.grpc import read_grpc
from outrider.probes.heartbeat import read_heartbeat
from outrider.probes.http import read_http
from outrider.probes.icmp import read_icmp
from outrider.probes.sql import read_sql
from outrider.probes.tcp import read_tcp
from outrider.probes.tls import read_tls
from outrider.probes.udp import read_udp
from outrider.probes.websocket import read_websocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.probes.probe_context import Probe
    from outrider.probes.probe_table import ProbeTable

KINDS: Mapping[str, Callable[[ProbeTable], Probe]] = {
    "http": read_http,
    "api": read_api,
    "tcp": read_tcp,
    "udp": read_udp,
    "dns": read_dns,
    "tls": read_tls,
    "icmp": read_icmp,
    "websocket": read_websocket,
    "grpc": read_grpc,
    "sql": read_sql,
    "command": read_command,
    "heartbeat": read_heartbeat,
}
