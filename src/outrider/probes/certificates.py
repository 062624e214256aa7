"""The certificates of a server, as libcurl reports them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY_S = 86_400.0
_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of the chain; `expires_s` is seconds since the epoch."""

    subject: str
    issuer: str
    expires_s: float
    names: str = ""

    def days_left(self, now_s: float) -> float:
        """Return for how many days it is still valid."""
        return (self.expires_s - now_s) / _DAY_S


def read_chain(report: Iterable[Iterable[tuple[str, str]]]) -> tuple[Certificate, ...]:
    """Return the chain of libcurl's CERTINFO, the server's own certificate first."""
    chain = []
    for fields in report:
        values = dict(fields)
        expires = values.get("Expire date", "")
        try:
            expires_s = float(ssl.cert_time_to_seconds(expires))
        except ValueError:
            continue
        names = values.get("X509v3 Subject Alternative Name", "")
        chain.append(Certificate(values.get("Subject", ""), values.get("Issuer", ""), expires_s, names))
    return tuple(chain)


def system_authorities() -> str | None:
    """Return the file of the authorities that this machine trusts; our libcurl is built without knowing it."""
    from pathlib import Path  # noqa: PLC0415 - nothing else here needs it

    paths = ssl.get_default_verify_paths()
    return next((place for place in (paths.cafile, *_PLACES) if place and Path(place).is_file()), None)
