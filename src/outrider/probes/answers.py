"""An HTTP answer as received."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of an exchange, redirects followed.

    Attributes:
        raw_headers: Of all answers, as they came over the wire.
        body: Decoded from its transfer and content encodings, as far as it was kept.
        phases_ms: What each phase took, over all redirects; a phase that did not happen is absent.
        protocol: Such as "HTTP/2".
        body_bytes: On the wire.
        certificate_days: How long the server's certificate is still valid; None without TLS.
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

    @property
    def headers(self) -> dict[str, str]:
        """The last answer's headers, names in small letters; several of one name are joined by commas."""
        headers: dict[str, str] = {}
        blocks = [block for block in self.raw_headers.split(b"\r\n\r\n") if block.startswith(b"HTTP/")]
        for line in (blocks[-1] if blocks else b"").split(b"\r\n")[1:]:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    @property
    def text(self) -> str:
        """The body as text, in the character set that its header names."""
        if b"charset" not in self.raw_headers.lower():
            return self.body.decode("utf-8", "replace")
        charset = self.headers.get("content-type", "").partition("charset=")[2].split(";")[0].strip(" \"'")
        try:
            return self.body.decode(charset or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")
