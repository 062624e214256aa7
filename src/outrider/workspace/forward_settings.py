"""`[telemetry.forward]` of `outrider.toml`: where a copy of telemetry is sent to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.workspace.secret_headers import as_bare_url, read_secret_headers
from outrider.workspace.tables import Refused, as_texts
from outrider.workspace.telemetry_cost import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from outrider.workspace.tables import Table

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ForwardSettings:
    """Where a copy of telemetry is sent to.

    Attributes:
        url: Base address of OTLP over HTTP; empty for nowhere.
        headers: Name of a secret of the workspace by the name of the header that has its value.
        signals: Of `logs`, `traces` and `metrics`, those that are sent.
        queue_bytes: On disk, of what waits to be sent; the oldest goes first.
    """

    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    signals: tuple[str, ...] = SIGNALS
    queue_bytes: int = 10**9


def read_forward(
    table: Table, secrets: Collection[str], as_bytes: Callable[[object], int], own: Collection[tuple[str, int]]
) -> ForwardSettings:
    """Return what `[telemetry.forward]` says; problems are reported by the table.

    Args:
        table: The section.
        secrets: Names of the workspace's secrets.
        as_bytes: Accepts a size.
        own: Hosts and ports at which this workspace takes telemetry.
    """
    usual = ForwardSettings()
    settings = ForwardSettings(
        table.read("url", as_bare_url, usual.url),
        read_secret_headers(table.section("headers"), secrets),
        table.read("signals", _as_signals, usual.signals),
        table.read("queue", as_bytes, usual.queue_bytes),
    )
    if settings.url and any(_leads_to(settings.url, *address) for address in own):
        fix = "name another endpoint, or remove [telemetry.forward]"
        table.report("url", "is where this workspace takes telemetry itself", fix, "bad-url")
    table.close()
    return settings


def _as_signals(value: object) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(as_texts(value)))
    if not names or not set(names) <= set(SIGNALS):
        raise Refused("names no signals", 'write some of "logs", "traces", "metrics"')
    return names


def _leads_to(url: str, host: str, port: int) -> bool:
    """Return whether an address is plainly one where somebody listens; other names of it are found by a header."""
    parts = urlsplit(url)
    target = parts.hostname or ""
    if (parts.port or _DEFAULT_PORTS[parts.scheme]) != port:
        return False
    return target == host or (_is_of_this_machine(target) and (_is_of_this_machine(host) or _is_any(host)))


def _is_of_this_machine(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and (address.is_loopback or address.is_unspecified))


def _is_any(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
