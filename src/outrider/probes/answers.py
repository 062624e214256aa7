"""An HTTP answer as received."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from outrider.probes.charset import charset_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINES = re.compile(rb"\r?\n")
_NAMES_A_CHARSET = re.compile(rb"charset|<\?xml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PassedHop:
    """An answer that redirected: its status, the address without query that gave it, and its time."""

    status: int
    address: str
    total_ms: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of an exchange, after its redirects.

    Attributes:
        raw_headers: As they came over the wire.
        body: Decoded from its transfer and content encodings, as far as it was kept.
        phases_ms: What each phase of the last request took, and all earlier ones as "redirects"; a phase that did not
            happen is absent. Together they are the total.
        hops: The answers that redirected, in order.
        protocol: Such as "HTTP/2".
        body_bytes: On the wire.
        left_out_bytes: How many bytes of the decoded body were received and not kept.
        certificate_days: How long the server's certificate is still valid; None without TLS.
        is_nameless: Whether the server's certificate names hosts only in its subject, where no browser reads them.
    """

    status: int
    total_ms: float
    phases_ms: Mapping[str, float]
    protocol: str = ""
    remote: str = ""
    body_bytes: float = 0.0
    certificate_days: float | None = None
    raw_headers: bytes = field(default=b"", repr=False)
    body: bytes = field(default=b"", repr=False)
    hops: tuple[PassedHop, ...] = ()
    is_nameless: bool = False
    left_out_bytes: int = 0

    def after(self, hops: tuple[PassedHop, ...]) -> Answer:
        """Return this answer as the last of an exchange that was redirected."""
        earlier_ms = sum(hop.total_ms for hop in hops)
        phases_ms = {"redirects": earlier_ms, **self.phases_ms}
        return replace(self, total_ms=earlier_ms + self.total_ms, phases_ms=phases_ms, hops=hops)

    @property
    def headers(self) -> dict[str, str]:
        """The last answer's headers, names in small letters; several of one name are joined by commas."""
        lines = _LINES.split(self.raw_headers)
        begins = [number for number, line in enumerate(lines) if line.startswith(b"HTTP/")]
        values: dict[str, list[str]] = {}
        for line in lines[begins[-1] + 1 :] if begins else []:
            if not line:
                break  # what follows are trailers
            name, _, value = _header_text(line).partition(":")
            values.setdefault(name.strip().lower(), []).append(value.strip())
        return {name: ", ".join(several) for name, several in values.items()}

    @property
    def charset(self) -> str:
        """The codec of the body."""
        is_named = _NAMES_A_CHARSET.search(self.raw_headers) or _NAMES_A_CHARSET.search(self.body, 0, 1024)
        return charset_of(self.body, self.headers.get("content-type", "") if is_named else "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(self.charset, "replace")


def _header_text(line: bytes) -> str:
    """Return a line of headers as text: UTF-8 if it is that, else Latin-1, as browsers read all of them."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
