"""The certificates of a server, as libcurl reports them."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
    "domainComponent": "DC",
}
NAMELESS = "the certificate has no subject alternative name, and browsers do not read its common name (RFC 9525, 2)"
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

    @property
    def is_nameless(self) -> bool:
        """Whether no subject alternative name is in it; OpenSSL writes an empty list of them in words."""
        return self.names.strip() in {"", "<EMPTY>"}

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


def verified_path(
    sent: tuple[Certificate, ...], roots: frozenset[str], now_s: float, *, verified: bool
) -> tuple[Certificate, ...]:
    """Return the path from the server's certificate to an authority; what was sent beside it is not judged.

    As OpenSSL does (`X509_V_FLAG_TRUSTED_FIRST`), a path ends at the first certificate whose issuer is trusted, so
    that a cross-signed one that is sent for older clients is on no path.

    Args:
        sent: The server's own certificate first.
        roots: What `root_names` returned.
        verified: Whether the handshake was verified; then no expired certificate is on the path.
    """
    path, left = list(sent[:1]), list(sent[1:])
    while path and _plain_name(path[-1].issuer) not in roots and path[-1].issuer != path[-1].subject:
        issuers = [certificate for certificate in left if certificate.subject == path[-1].issuer]
        issuers = [certificate for certificate in issuers if not verified or certificate.expires_s > now_s]
        if not issuers:
            break
        path.append(max(issuers, key=lambda certificate: certificate.expires_s))
        left.remove(path[-1])
    return tuple(path)


@lru_cache(maxsize=16)
def root_names(authorities: str) -> frozenset[str]:
    """Return the names of the authorities in a file, as `verified_path` compares them; none if it cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(authorities)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(_plain_name(_one_line(certificate["subject"])) for certificate in context.get_ca_certs())


def _one_line(subject: Any) -> str:
    """Return a name of `ssl` as OpenSSL writes it; its type is one of nested tuples that the library does not name."""
    pairs = [pair for relative in subject for pair in relative]
    return ",".join(f"{_SHORT.get(key, key)}={value}" for key, value in pairs)


def _plain_name(name: str) -> str:
    """Return a name without what its writers differ in."""
    return re.sub(r'[\s"\\]', "", name)
