"""The charset of a text that came over HTTP, as browsers find it (https://encoding.spec.whatwg.org/). Pure."""

from __future__ import annotations

import codecs
import re
from encodings.aliases import aliases
from typing import Final

UTF_8: Final = "utf_8"

_MARKS: Final = ((codecs.BOM_UTF8, "utf_8_sig"), (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16"))
# Codecs of bytes and of other uses than texts, some of them of quadratic cost, are not for a target to choose.
_NOT_CHARSETS: Final = {
    "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "base64_codec",
    "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec",
}  # fmt: skip
_CODECS: Final = {name for names in aliases.items() for name in names if names[1] not in _NOT_CHARSETS} | {
    "cp874", "koi8_u", "iso8859_1", "utf_8_sig",
}  # fmt: skip
_AS_BROWSERS: Final = {
    "ascii": "cp1252", "latin_1": "cp1252", "iso8859_1": "cp1252", "iso8859_9": "cp1254", "iso8859_11": "cp874",
    "tis_620": "cp874", "dos_874": "cp874", "windows_874": "cp874", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "korean": "cp949", "big5": "big5hkscs", "x_big5": "big5hkscs",
    "iso_8859_8_i": "iso8859_8", "unicode_1_1_utf_8": UTF_8,
}  # fmt: skip
"""Labels that browsers read as a larger charset, or that Python does not know; by the name of Python's codec."""

_BEGINNING: Final = 1024
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|$)", re.DOTALL)
_IN_META: Final = re.compile(rb"<meta[\s/][^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_IN_XML: Final = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")


def charset_of(body: bytes, content_type: str) -> str:
    """Return the codec of a body: of its byte order mark, or else of its header, its own declaration, or UTF-8.

    The mark comes first (https://encoding.spec.whatwg.org/#decode). Declarations are those of XML, and of HTML in its
    first 1,024 bytes (https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding).
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec
    media_type, *parameters = content_type.split(";")
    named = {key.strip().lower(): value for key, _, value in (text.partition("=") for text in parameters)}
    return codec_named(named.get("charset", "")) or _declared(body[:_BEGINNING], media_type.lower()) or UTF_8


def codec_named(label: str) -> str:
    """Return the codec that browsers choose for a label, or nothing if it names no charset."""
    name = label.strip(" \"'").lower().replace("-", "_").removeprefix("x_")
    if name in _AS_BROWSERS:
        return _AS_BROWSERS[name]
    if name not in _CODECS:
        return ""
    return _AS_BROWSERS.get(aliases.get(name, name), name)


def _declared(beginning: bytes, media_type: str) -> str:
    """Return the codec that a document of HTML or XML declares, or nothing."""
    declared = None
    if "xml" in media_type:
        declared = _IN_XML.match(beginning.lstrip())
    if declared is None and "html" in media_type:
        declared = _IN_META.search(_COMMENT.sub(b"", beginning))
    codec = codec_named(declared[1].decode()) if declared else ""
    return UTF_8 if codec.startswith("utf_16") else codec  # it was read as ASCII, so it cannot be UTF-16
