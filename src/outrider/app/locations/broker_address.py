"""The address of a broker: what it says of TLS and of queues, and what may be shown of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from outrider.model import UsageError, printable
from outrider.workspace import Refused, broker_options

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS: Final = {"amqp": 5672, "amqps": 5671}


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """What an address says, as Celery is told.

    Attributes:
        url: Without its query.
        tls: What the connection is wrapped in; None for none.
        queue_type: "classic" or "quorum".
    """

    url: str
    tls: dict[str, object] | None
    queue_type: str


def broker_address(url: str, password: str = "") -> str:
    """Return the address of a broker with user, password and port.

    Raises:
        UsageError: bad-server.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or parts.fragment:
        fix = "write such as amqps://mq.example/outrider, and USER:PASSWORD@ before the host"
        raise UsageError(f"{shown_address(url)} is no address of a broker", slug="bad-server", fix=fix)
    try:
        broker_options(url)
    except Refused as refused:
        raise UsageError(f"{shown_address(url)} {refused.what}", slug="bad-server", fix=refused.fix) from None
    user, known = parts.username or "guest", unquote(parts.password or "")
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    port = parts.port or _PORTS[parts.scheme]
    secret = quote(password or known or "guest", safe="")
    return urlunsplit((parts.scheme, f"{user}:{secret}@{host}:{port}", parts.path or "/", parts.query, ""))


def broker_place(address: str) -> BrokerPlace:
    """Return what an address of `broker_address` says.

    Raises:
        UsageError: bad-server if certificates that it names cannot be read.
    """
    parts, options = urlsplit(address), dict(broker_options(address))
    queue_type = options.pop("queue_type", "classic")
    tls = _tls(str(parts.hostname), options) if parts.scheme == "amqps" else None
    return BrokerPlace(urlunsplit(parts._replace(query="")), tls, queue_type)


def check_encrypted(url: str) -> None:
    """Refuse a broker whose password would be readable on its way.

    Raises:
        UsageError: bad-server.
    """
    parts = urlsplit(url)
    try:
        is_loopback = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "amqps" and not is_loopback:
        fix = "write amqps://…, and give RabbitMQ a certificate"
        raise UsageError("a worker goes to a broker over TLS only", slug="bad-server", fix=fix)


def shown_address(url: str) -> str:
    """Return an address without what is secret in it, or of this machine only."""
    bare = url.rpartition("@")[2] if "@" in url else url.rpartition("//")[2]
    return printable(bare.partition("?")[0])[:200]


def _tls(host: str, options: Mapping[str, str]) -> dict[str, object]:
    """Return what a connection is wrapped in; the authorities are the system's or SSL_CERT_FILE's if none is named."""
    files = {name.removeprefix("ssl_"): file for name, file in options.items()}
    try:
        context = ssl.create_default_context(cafile=files.get("ca_certs"))
        if "certfile" in files:
            context.load_cert_chain(files["certfile"], files.get("keyfile"))
    except OSError as error:
        named = ", ".join(files.values())
        what = f"certificates of the broker's address cannot be read ({named}): {error.strerror or error}"
        fix = (
            "ssl_ca_certs names a file with authorities in PEM, ssl_certfile and ssl_keyfile a certificate and its key"
        )
        raise UsageError(what, slug="bad-server", fix=fix) from None
    return {**files, "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": host}
