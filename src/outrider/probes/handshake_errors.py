"""What an error of OpenSSL says of a handshake, for readers who do not know its words."""

from __future__ import annotations

import re
from typing import Final

_OF_LIBCURL: Final = re.compile(r"^TLS connect error: (?:error:[0-9A-F]+:[^:]*::?)?")
_WORDS: Final = {
    "wrong version number": "the server does not speak TLS at this port",
    "length too long": "the server does not speak TLS at this port",
    "http request": "the server does not speak TLS at this port",
    "unexpected eof": "the server ended the connection",
    "protocol version": "the server speaks no version of TLS that is secure",
    "unsupported protocol": "the server speaks no version of TLS that is secure",
    "unrecognized name": "the server knows no such name",
    "handshake failure": "the server refuses it, for want of a common cipher or of that name",
    "internal error": "the server has an error of its own",
    "dh key too small": "the server's key exchange is too weak",
}


def is_handshake_error(text: str) -> bool:
    """Return whether this is what libcurl says of a handshake that failed."""
    return _OF_LIBCURL.match(text) is not None


def explain_handshake(text: str) -> str:
    """Return the reason of a handshake that failed, with OpenSSL's own words in brackets."""
    reason = _OF_LIBCURL.sub("", text)
    words = next((words for known, words in _WORDS.items() if known in reason), "")
    return f"TLS handshake failed: {words} ({reason})" if words else f"TLS handshake failed: {reason}"
