"""An HTTP answer as received."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from encodings.aliases import aliases
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UTF_8 = "utf_8"
_MARKS = ((codecs.BOM_UTF8, "utf_8_sig"), (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16"))
# Codecs of bytes and of other uses than texts, some of them of quadratic cost, are not for a target to choose.
_NOT_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "base64_codec",
                 "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}  # fmt: skip
_CODECS = {name for names in aliases.items() for name in names if names[1] not in _NOT_CHARSETS}
_CODECS |= {"cp874", "koi8_u", "iso8859_1", "utf_8_sig"}  # these have no alias


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
    left_out_bytes: int = 0

    def after(self, hops: tuple[PassedHop, ...]) -> Answer:
        """Return this answer as the last of an exchange that was redirected."""
        earlier_ms = sum(hop.total_ms for hop in hops)
        phases_ms = {"redirects": earlier_ms, **self.phases_ms}
        return replace(self, total_ms=earlier_ms + self.total_ms, phases_ms=phases_ms, hops=hops)

    @property
    def headers(self) -> dict[str, str]:
        """The last answer's headers, names in small letters; several of one name are joined by commas."""
        values: dict[str, list[str]] = {}
        blocks = [block for block in self.raw_headers.split(b"\r\n\r\n") if block.startswith(b"HTTP/")]
        for line in (blocks[-1] if blocks else b"").split(b"\r\n")[1:]:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            values.setdefault(name.strip().lower(), []).append(value.strip())
        return {name: ", ".join(several) for name, several in values.items()}

    @property
    def charset(self) -> str:
        """The codec of the body: of a byte order mark, or else of its header, or else UTF-8.

        The mark comes first, as in the Encoding standard (https://encoding.spec.whatwg.org/#decode).
        """
        for mark, codec in _MARKS:
            if self.body.startswith(mark):
                return codec
        if b"charset" not in self.raw_headers.lower():
            return _UTF_8
        parameters = self.headers.get("content-type", "").split(";")[1:]
        named = {key.strip().lower(): value for key, _, value in (text.partition("=") for text in parameters)}
        label = named.get("charset", "").strip(" \"'").lower().replace("-", "_")
        return label if label in _CODECS else _UTF_8

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(self.charset, "replace")
