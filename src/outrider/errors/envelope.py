"""Envelopes of Sentry's clients: a line of headers, then for each item a line of headers and its payload.

https://develop.sentry.dev/sdk/data-model/envelopes/. An item without `length` ends at the next line feed; items of an
unknown type are for the reader to pass over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ITEMS: Final = 1_000


class BadEnvelope(Exception):
    """What was sent cannot be read; nobody is to send it again."""


@dataclass(frozen=True, slots=True)
class EnvelopeItem:
    """One item, as it was sent."""

    type: str
    payload: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one request brings."""

    headers: Mapping[str, Any]
    items: tuple[EnvelopeItem, ...]


def read_envelope(data: bytes) -> Envelope:
    """Return the items of an envelope; the first 1,000 of too many.

    Raises:
        BadEnvelope: If its framing is wrong.
    """
    line, at = _line(data, 0)
    headers, items = json_object(line, "the envelope's header"), list[EnvelopeItem]()
    while at < len(data) and len(items) < MOST_ITEMS:
        line, at = _line(data, at)
        if not line.strip():
            continue
        item = json_object(line, "an item's header")
        payload, at = _payload(data, at, item.get("length"))
        items.append(EnvelopeItem(str(item.get("type", ""))[:64], payload, item))
    return Envelope(headers, tuple(items))


def json_object(data: bytes, what: str) -> dict[str, Any]:
    """Return an object of JSON.

    Raises:
        BadEnvelope: If it is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise BadEnvelope(f"{what} is no JSON") from None
    if not isinstance(value, dict):
        raise BadEnvelope(f"{what} is no object")
    return value


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    return data[at:end], end + 1


def _payload(data: bytes, at: int, length: object) -> tuple[bytes, int]:
    if length is None:
        return _line(data, at)
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= len(data) - at:
        raise BadEnvelope("an item is cut short, or its length is wrong")
    return data[at : at + length], at + length + 1
