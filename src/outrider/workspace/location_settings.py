"""`[locations]` of `outrider.toml`: the broker through which workers of locations are reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from outrider.workspace.tables import Refused, Table, as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_QUEUE_TYPES = ("classic", "quorum")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""As kombu calls them."""


@dataclass(frozen=True, slots=True)
class LocationSettings:
    """How workers of locations are reached, beside HTTPS.

    Attributes:
        broker: Address of RabbitMQ, with user and virtual host, without a password; empty for none.
        broker_password: Name of a secret of the workspace.
    """

    broker: str = ""
    broker_password: str = ""


def read_locations(table: Table, secrets: Collection[str]) -> LocationSettings:
    """Return what `[locations]` says; problems are reported by the table."""
    settings = LocationSettings(
        broker=table.read("broker", _as_broker, ""), broker_password=table.read("broker_password", as_text, "")
    )
    table.close()
    if settings.broker_password and settings.broker_password not in secrets:
        name = settings.broker_password
        fix = f'add {name} = {{env = "{name}"}} below [secrets]'
        table.report("broker_password", "is not the name of a secret of this workspace", fix, "unknown-secret")
    return settings


def broker_options(address: str) -> Mapping[str, str]:
    """Return what the query of a broker's address says.

    Raises:
        Refused: If it says what is not known.
    """
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in options.items():
        is_file = name in _FILES and bool(value) and parts.scheme == "amqps"
        if not is_file and not (name == "queue_type" and value in _QUEUE_TYPES):
            fix = "write ?queue_type=quorum, and of amqps ssl_ca_certs, ssl_certfile and ssl_keyfile, each a file"
            raise Refused(f'has "{name}={value}", which means nothing', fix, "bad-url")
    return options


def _as_broker(value: object) -> str:
    address = as_text(value)
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"amqp", "amqps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not address.isascii() or any(ord(letter) <= 0x20 for letter in address):
        fix = 'write such as "amqps://mq.example/outrider", and USER@ before the host'
        raise Refused("is no address of a broker", fix, "bad-url")
    if parts.password is not None or parts.fragment:
        fix = "name a secret in broker_password, and leave the password out of the address"
        raise Refused("has more than user, host, port, virtual host and options", fix, "bad-url")
    broker_options(address)
    return address
