"""A certificate of ours, for servers that ask for one, and what they say where it is missing or refused."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.probes.probe_table import ProbeTable

_ALERT = re.compile(
    r"alert (certificate required|(?:bad|unsupported) certificate|certificate (?:revoked|expired|unknown)|unknown ca)"
)


def read_own_certificate(entry: ProbeTable) -> tuple[str | None, str | None]:
    """Read `certificate` and `key`, two files of PEM that belong together; the first may hold both."""
    certificate, key = entry.file("certificate"), entry.file("key")
    if key and not certificate and "certificate" not in entry.table.data:
        entry.table.report("key", "is there without certificate", 'add certificate = "client.pem"', "missing-key")
    if certificate and not ("key" in entry.table.data and key is None):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:
            fix = "write files of PEM: the certificate, and its key without a password"
            entry.table.report("certificate", f"cannot be used: {error}", fix, "bad-certificate")
            return None, None
    return certificate, key


def explain_alert(text: str) -> str:
    """Return what a server says of our certificate in an alert of TLS (RFC 8446, section 6.2), or nothing."""
    match = _ALERT.search(text)
    if match is None:
        return ""
    if match[1] == "certificate required":
        return "the server asks for a certificate of ours, and there is none: set certificate and key"
    return f"the server refuses our certificate, or asks for one: {match[1]}"
