"""What a worker asks and a server answers through a broker: a line of JSON, then bytes, sealed together."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from outrider.model import UsageError
from outrider.runs import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def key_name(token_digest: str) -> str:
    """Return what a message calls the key that it was sealed with: nothing can be told from it."""
    return sha256(f"outrider key {token_digest}".encode()).hexdigest()[:16]


def framed(values: Mapping[str, object], content: bytes = b"") -> bytes:
    """Return values and bytes as one message."""
    return json.dumps(values).encode() + b"\n" + content


def unframed(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the values and the bytes of a message.

    Raises:
        UsageError: bad-message.
    """
    line, _, content = message.partition(b"\n")
    values = read_json(line)
    if not isinstance(values, dict):
        raise UsageError("a message has no values", slug="bad-message")
    return values, content
